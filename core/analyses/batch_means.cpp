#include "core/analyses/batch_means.h"

#include "core/stats/bootstrap.h"

namespace hopscope::core::analysis {
namespace {

std::vector<BatchMean> of_layers(const RoutingSample& sample, BatchMean LayerSample::*field) {
    std::vector<BatchMean> out;
    for (const LayerSample& layer : sample.layers) out.push_back(layer.*field);
    return out;
}

}  // namespace

Estimate over_batches(const BatchMean& m, uint64_t seed) {
    return mean_over(m.batches, "batches", seed);
}

Estimate difference_over_batches(const std::vector<double>& after,
                                 const std::vector<double>& before, uint64_t seed) {
    const auto found = stats::bootstrap_paired(after, before, {10'000, seed});
    return {found.estimate, found.interval(0.95), found.n, "batches"};
}

BatchMean mean_over_parts(const std::vector<BatchMean>& parts) {
    BatchMean out;
    double n = 0;
    for (const BatchMean& part : parts) {
        if (part.batches.empty()) continue;
        out.batches.resize(part.batches.size(), 0.0);
        for (size_t b = 0; b < part.batches.size(); ++b) out.batches[b] += part.batches[b];
        ++n;
    }
    for (double& x : out.batches) x /= n;
    return out;
}

LayerMeans layer_means(const std::vector<BatchMean>& layers, uint64_t seed) {
    LayerMeans out;
    for (const BatchMean& layer : layers) out.layers.push_back(over_batches(layer, seed));
    out.mean = over_batches(mean_over_parts(layers), seed);
    return out;
}

LayerMeans layer_means(const RoutingSample& sample, BatchMean LayerSample::*field, uint64_t seed) {
    return layer_means(of_layers(sample, field), seed);
}

AnalysisOutput layers_document(const RoutingSample& sample, BatchMean LayerSample::*field,
                               const char* column, uint64_t seed) {
    return layers_document(of_layers(sample, field), sample.tokens, column, seed);
}

AnalysisOutput layers_document(const std::vector<BatchMean>& layers, int64_t tokens,
                               const char* column, uint64_t seed) {
    AnalysisOutput out;
    out.n = tokens;
    const LayerMeans found = layer_means(layers, seed);
    Estimates per_layer;
    for (size_t l = 0; l < found.layers.size(); ++l) {
        per_layer.add(found.layers[l]);
        Fields row;
        row.place("layer", static_cast<int64_t>(l)).estimate(column, found.layers[l]);
        out.table().add(row);
    }
    out.result.plain_estimates("per_layer", per_layer).plain_estimate("mean", found.mean);
    return out;
}

}  // namespace hopscope::core::analysis
