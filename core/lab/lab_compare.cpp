// hopscope compare: pairwise statistics of saved losses (hopscope.compare/1).
#include "core/analysis/compare.h"
#include "core/api/lab.h"

namespace hopscope::core::lab {

Result<std::string> compare(const CompareOptions& o) {
    std::vector<analysis::CompareInput> inputs;
    for (const std::string& path : o.runs) {
        auto input = analysis::read_compare_input(path);
        if (!input) return input.error();
        inputs.push_back(std::move(*input));
    }
    analysis::CompareOptions options;
    options.margin = o.margin;
    options.blocks = o.blocks;
    options.resamples = o.resamples;
    options.seed = o.seed;
    Progress progress;
    progress.cancelled = [] { return interrupt_flag().load() != 0; };
    if (o.on_progress) progress.report = o.on_progress;
    auto result = analysis::compare(std::move(inputs), options, progress);
    if (!result) return result.error();
    return dump_pretty(analysis::compare_json(*result));
}

const std::vector<Definition>& compare_definitions() {
    return analysis::compare_definitions();
}

}  // namespace hopscope::core::lab
