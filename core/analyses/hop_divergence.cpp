// Analysis `hop_divergence`: how far does the next hop choose other experts [def:hop_divergence]?
#include "core/analyses/hop_pairs.h"
#include "core/analyses/measured.h"

namespace hopscope::core::analysis {
namespace {

Result<AnalysisOutput> hop_divergence(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    const auto pairs = hop_pairs(**sample, true, "divergence", context.seed, out.table());
    out.result.estimates("per_layer", pairs.per_layer).estimate("mean", pairs.mean);
    return out;
}

}  // namespace

extern const Analysis kHopDivergence{
    "hop_divergence",
    {Need::model, Need::several_hops},
    "mean of 1 - Jaccard of consecutive hops. 95 % bootstrap intervals over validation batches. n: "
    "tokens.",
    hop_divergence};

}  // namespace hopscope::core::analysis
