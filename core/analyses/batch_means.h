// Means over the tokens of evaluation batches as numbers of a document: the interval is over the
// batches. Pure functions, any thread.
#pragma once

#include <vector>

#include "core/analyses/analysis.h"
#include "core/measure/routing_sample.h"

namespace hopscope::core::analysis {

/// Mean over batches with its interval over them.
Estimate over_batches(const BatchMean& m, uint64_t seed);

/// after − before of the same batches, in pairs.
Estimate difference_over_batches(const std::vector<double>& after,
                                 const std::vector<double>& before, uint64_t seed);

/// Of each batch the mean over the parts, of those that have the number.
BatchMean mean_over_parts(const std::vector<BatchMean>& parts);

/// One number a layer, and their mean over layers.
struct LayerMeans {
    std::vector<Estimate> layers;
    Estimate mean;
};
LayerMeans layer_means(const std::vector<BatchMean>& layers, uint64_t seed);
LayerMeans layer_means(const RoutingSample& sample, BatchMean LayerSample::*field, uint64_t seed);

/// "per_layer" and "mean" as plain numbers with their intervals beside them, and a table with a row
/// a layer: the whole document of an analysis that measures one number a layer, over `tokens` in a
/// pass of its own or in the shared one.
AnalysisOutput layers_document(const std::vector<BatchMean>& layers, int64_t tokens,
                               const char* column, uint64_t seed);
AnalysisOutput layers_document(const RoutingSample& sample, BatchMean LayerSample::*field,
                               const char* column, uint64_t seed);

}  // namespace hopscope::core::analysis
