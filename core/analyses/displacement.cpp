// Analysis `displacement`: how far do hops move the routing position, and how much do they write
// [def:displacement]?
#include <cmath>

#include "core/analyses/batch_means.h"
#include "core/analyses/measured.h"

namespace hopscope::core::analysis {
namespace {

Fields layers_fields(const LayerMeans& means) {
    Estimates per_layer;
    for (const Estimate& layer : means.layers) per_layer.add(layer);
    Fields out;
    out.estimates("per_layer", per_layer).estimate("mean", means.mean);
    return out;
}

Result<AnalysisOutput> displacement(const AnalysisContext& context) {
    auto sample = context.measured->sample(context.progress);
    if (!sample) return sample.error();
    const auto moved = layer_means(**sample, &LayerSample::displacement, context.seed),
               written = layer_means(**sample, &LayerSample::relative_update, context.seed);
    AnalysisOutput out;
    out.n = (*sample)->tokens;
    out.result = layers_fields(moved);
    // Every router updates the stream, whether it has positions to move or not.
    if (std::isnan(moved.mean.value))
        out.result.text("reason", "no layer moves its routing position (one hop, or no positions)");
    out.result.object("relative_update", layers_fields(written));
    for (size_t l = 0; l < moved.layers.size(); ++l) {
        Fields row;
        row.place("layer", static_cast<int64_t>(l))
            .estimate("displacement", moved.layers[l])
            .estimate("relative_update", written.layers[l]);
        out.table().add(row);
    }
    return out;
}

}  // namespace

extern const Analysis kDisplacement{
    "displacement",
    {Need::model, Need::hops},
    "mean over tokens of the distance between the routing positions of the last and the first hop, "
    "null for routers without positions and layers of one hop; relative_update: |h_accum| / "
    "|LN(x)|. 95 % bootstrap intervals over validation batches. n: tokens.",
    displacement};

}  // namespace hopscope::core::analysis
