// Analysis `frozen_routing`: what is the model where later hops keep the first one's choice
// [def:frozen_routing]?
#include "core/analyses/perplexities.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::analysis {
namespace {

/// Mean over all layers and pairs of hops.
double mean_jaccard(const Evaluation& evaluation) {
    std::vector<double> all;
    for (const auto& layer : evaluation.jaccard) all.insert(all.end(), layer.begin(), layer.end());
    return stats::mean(all);
}

Result<AnalysisOutput> frozen_routing(const AnalysisContext& context) {
    PassChanges changes;
    changes.freeze_routing = true;
    auto found = before_after(context, changes, "frozen");
    if (!found) return found.error();
    AnalysisOutput out;
    out.n = found->base->tokens;
    out.result = found->result;
    out.result.number("jaccard_base", mean_jaccard(*found->base))
        .number("jaccard_frozen", mean_jaccard(found->changed));
    out.table().add(found->base_row.columns_of(out.result, "jaccard_base", "jaccard"));
    out.table().add(found->changed_row.columns_of(out.result, "jaccard_frozen", "jaccard"));
    return out;
}

}  // namespace

extern const Analysis kFrozenRouting{
    "frozen_routing",
    {Need::model, Need::experts},
    "perplexity and Jaccard with hop 0's choice and weights for all hops. n: tokens.",
    frozen_routing};

}  // namespace hopscope::core::analysis
