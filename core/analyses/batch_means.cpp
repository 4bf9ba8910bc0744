#include "core/analyses/batch_means.h"

#include "core/stats/bootstrap.h"

namespace hopscope::core::analysis {

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

LayerMeans layer_means(const RoutingSample& sample, BatchMean LayerSample::*field, uint64_t seed) {
    LayerMeans out;
    std::vector<BatchMean> parts;
    for (const LayerSample& layer : sample.layers) {
        parts.push_back(layer.*field);
        out.layers.push_back(over_batches(parts.back(), seed));
    }
    out.mean = over_batches(mean_over_parts(parts), seed);
    return out;
}

AnalysisOutput layers_document(const RoutingSample& sample, BatchMean LayerSample::*field,
                               const char* column, uint64_t seed) {
    AnalysisOutput out;
    out.n = sample.tokens;
    const LayerMeans found = layer_means(sample, field, seed);
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
