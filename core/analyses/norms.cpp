// Analysis `norms`: how loud are the experts beside attention [def:norms]?
#include "core/analyses/batch_means.h"
#include "core/analyses/measured.h"

namespace hopscope::core::analysis {
namespace {

Result<AnalysisOutput> norms(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    return layers_document(**sample, &LayerSample::norm_ratio, "norm_ratio", context.seed);
}

}  // namespace

extern const Analysis kNorms{
    "norms",
    {Need::model, Need::hops},
    "mean over tokens of |h_accum| / |attention output|, per layer, then over layers. 95 % "
    "bootstrap intervals over validation batches. n: tokens.",
    norms};

}  // namespace hopscope::core::analysis
