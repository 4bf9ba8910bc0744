// Analysis `echo`: does the second hop write what the first one wrote [def:echo]?
#include "core/analyses/batch_means.h"
#include "core/analyses/measured.h"

namespace hopscope::core::analysis {
namespace {

Result<AnalysisOutput> echo(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    return layers_document(**sample, &LayerSample::echo, "echo", context.seed);
}

}  // namespace

extern const Analysis kEcho{
    "echo",
    {Need::model, Need::several_hops},
    "mean over tokens of cos(dh_0, dh_1), per layer, then over layers. 95 % bootstrap intervals "
    "over validation batches. n: tokens.",
    echo};

}  // namespace hopscope::core::analysis
