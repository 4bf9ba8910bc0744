// Analysis `grad_norms`: how large were the gradients of each part of the model, and how often did
// clipping act?
#include <algorithm>
#include <cmath>

#include "core/analyses/analysis.h"
#include "core/analyses/curve.h"
#include "core/run/columns.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {
namespace {

struct GradientGroup {
    const char* name;
    float ScalarRecord::*field;
};
constexpr GradientGroup kGroups[] = {
    {"total", &ScalarRecord::grad_norm},          {"embedding", &ScalarRecord::grad_embedding},
    {"attention", &ScalarRecord::grad_attention}, {"router", &ScalarRecord::grad_router},
    {"experts", &ScalarRecord::grad_experts},     {"norms", &ScalarRecord::grad_norms},
};

/// Updates of from < step ≤ to, and what the table calls their ends.
struct Span {
    double from = -INFINITY, to = INFINITY;
    double first = 0, end = 0;
    bool whole = false;  ///< all of a run: its last norms are told, too
};

/// Finite values of a field over the updates of a span.
std::vector<double> values_of(const std::vector<ScalarRecord>& records, float ScalarRecord::*field,
                              const Span& span) {
    std::vector<double> out;
    for (const auto& r : records) {
        const auto step = static_cast<double>(r.step);
        if (step > span.from && step <= span.to && std::isfinite(r.*field))
            out.push_back(static_cast<double>(r.*field));
    }
    return out;
}

/// Median and quartiles of each group, and the share of clipped updates. `table` may be null.
Fields norms_between(const std::vector<ScalarRecord>& records, const Span& span, Table* table) {
    Fields out, groups;
    for (const auto& group : kGroups) {
        auto x = values_of(records, group.field, span);
        std::sort(x.begin(), x.end());
        const double low = stats::quantile_of_sorted(x, 0.25),
                     high = stats::quantile_of_sorted(x, 0.75);
        Fields one;
        one.cell("from", span.first)
            .cell("to", span.end)
            .cell("group", std::string(group.name))
            .number("median", stats::quantile_of_sorted(x, 0.5))
            .range("quartiles", low, high)
            .cell("quartile_1", low)
            .cell("quartile_3", high)
            .json("n", x.size());
        if (span.whole) one.number("last", static_cast<double>(records.back().*group.field));
        groups.object(group.name, one);
        if (table) table->add(one);
    }
    const auto clipped = values_of(records, &ScalarRecord::clipped, span);
    out.object("groups", groups)
        .estimate("clipped_share", share_over(std::count(clipped.begin(), clipped.end(), 1.0),
                                              static_cast<int64_t>(clipped.size()), "updates"));
    return out;
}

/// Phases of the training loss, cut where its course changes.
void add_phases(AnalysisOutput& out, const std::vector<ScalarRecord>& records) {
    const auto columns = metric_columns(0);
    const auto loss = std::find_if(columns.begin(), columns.end(), [](const Column& c) {
        return c.field == Column::Field(&ScalarRecord::loss);
    });
    const auto found = segments_of(records, *loss);
    out.result.list("loss_phases");
    Span span;
    span.first = static_cast<double>(records.front().step);
    for (size_t i = 0; i < found.pieces.size(); ++i) {
        const bool last = i + 1 == found.pieces.size();
        span.to = last ? INFINITY : std::floor(std::exp(found.changes[i].x));
        span.end = last ? static_cast<double>(records.back().step) : span.to;
        Fields phase = norms_between(records, span, &out.table());
        phase.number("from", span.first)
            .number("to", span.end)
            .number("loss_at_from", found.pieces[i].at_begin)
            .number("loss_at_to", found.pieces[i].at_end);
        out.result.add("loss_phases", phase);
        span.from = span.to;
        span.first = span.to + 1;
    }
}

Result<AnalysisOutput> grad_norms(const AnalysisContext& context) {
    const auto& records = context.metrics;
    AnalysisOutput out;
    out.n = static_cast<int64_t>(records.size());
    Span all;
    all.first = static_cast<double>(records.front().step);
    all.end = static_cast<double>(records.back().step);
    all.whole = true;
    out.result = norms_between(records, all, &out.table());
    out.used_against = context.against && !context.against->metrics.empty();
    if (out.used_against)
        out.result.object("against", norms_between(context.against->metrics, Span(), nullptr));
    add_phases(out, records);
    return out;
}

}  // namespace

extern const Analysis kGradNorms{
    "grad_norms",
    {Need::curve},
    "gradient norm before clipping by group: median, quartiles, last; share of updates in which "
    "clipping acted, with its Clopper-Pearson interval (95 %; updates are no independent draws); "
    "the same for each phase of the training loss (pieces of `phases`). against: of the other run. "
    "n: updates recorded.",
    grad_norms};

}  // namespace hopscope::core::analysis
