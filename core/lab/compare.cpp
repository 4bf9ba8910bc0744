// hopscope compare: pairwise statistics of saved losses (hopscope.compare/1).
#include "core/compare/compare.h"

#include "core/api/lab.h"
#include "core/compare/compare_json.h"
#include "core/compare/printed_file.h"
#include "core/lab/interrupt.h"

namespace hopscope::core::lab {

namespace {

Result<CompareResult> compare_runs(const CompareOptions& o) {
    std::vector<CompareInput> inputs;
    for (const std::string& path : o.runs) {
        auto input = read_compare_input(path);
        if (!input) return input.error();
        inputs.push_back(std::move(*input));
    }
    core::CompareOptions options;
    options.margin = o.margin;
    options.blocks = o.blocks;
    options.resamples = o.resamples;
    options.seed = o.seed;
    const Progress progress = interruptible(o.on_progress);
    return core::compare(std::move(inputs), options, progress);
}

/// The document of a file of claims alone.
CompareResult without_runs(const CompareOptions& o) {
    CompareResult result;
    result.margin = o.margin.value_or(kLossMargin);
    result.options.resamples = o.resamples;
    result.options.seed = o.seed;
    return result;
}

}  // namespace

Result<std::string> compare(const CompareOptions& o) {
    const bool claims_alone = o.runs.empty() && !o.printed.empty();
    auto result = claims_alone ? Result(without_runs(o)) : compare_runs(o);
    if (!result) return result.error();
    auto document = compare_json(*result);
    if (!o.printed.empty()) {
        auto claims = read_printed(o.printed, result->margin);
        if (!claims) return claims.error();
        add_printed(document, *claims);
    }
    return dump_pretty(document);
}

const std::vector<Definition>& compare_definitions() {
    return core::compare_definitions();
}

}  // namespace hopscope::core::lab
