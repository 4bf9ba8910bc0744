// Analysis `load`: how evenly are the experts chosen [def:expert_load]?
#include "core/analyses/load.h"

#include <algorithm>

#include "core/analyses/measured.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {
namespace {

Result<AnalysisOutput> load(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    for (size_t l = 0; l < (*sample)->layers.size(); ++l) {
        const auto& counts = (*sample)->layers[l].counts;
        out.result.add("layers", load_of(counts));
        add_counts(out.table(), static_cast<int64_t>(l), counts);
    }
    return out;
}

}  // namespace

Fields load_of(const std::vector<int64_t>& counts) {
    const std::vector<double> x(counts.begin(), counts.end());
    auto sorted = x;
    std::sort(sorted.rbegin(), sorted.rend());
    double total = 0, top5 = 0;
    for (size_t i = 0; i < sorted.size(); ++i) {
        total += sorted[i];
        if (i < 5) top5 += sorted[i];
    }
    Fields out;
    out.json("counts", counts)
        .number("gini", stats::gini(x))
        .number("cv", stats::coefficient_of_variation(x))
        .number("max_over_mean", sorted.front() / stats::mean(x))
        .count("dead", std::count(counts.begin(), counts.end(), 0))
        .number("top5_share", total > 0 ? top5 / total : 0)
        .number("effective_experts", stats::effective_number(x));
    return out;
}

void add_counts(Table& table, int64_t layer, const std::vector<int64_t>& counts) {
    for (size_t e = 0; e < counts.size(); ++e) {
        Fields row;
        row.place("layer", layer)
            .place("expert", static_cast<int64_t>(e))
            .place("choices", counts[e]);
        table.add(row);
    }
}

extern const Analysis kLoad{
    "load",
    {Need::model, Need::routing},
    "choices of each expert over all hops: Gini, coefficient of variation, max / mean, experts "
    "without a choice, share of the five most used, exp(entropy) [def:expert_load]. n: tokens.",
    load};

}  // namespace hopscope::core::analysis
