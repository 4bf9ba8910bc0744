// What the weights of router and experts show without a forward pass [def:identity]
// [def:collinearity]. Thread: whoever owns the weights; results are plain values.
#pragma once

#include <cstdint>
#include <vector>

#include "core/model/weights.h"
#include "core/stats/interval.h"

namespace hopscope::core {

/// Pairwise cosine of the router's rows in one layer [def:collinearity]: centroids, or rows of the
/// linear router. NaN where there is nothing to measure: no rows, or of pairs a single row.
struct Collinearity {
    int64_t n = 0;                        ///< rows; 0 for a router without any
    double mean_cosine = stats::kNaN;     ///< over pairs i ≠ j
    double nearest_cosine = stats::kNaN;  ///< mean over rows of the largest cosine to another
    double effective_rank = stats::kNaN;  ///< exp of the entropy of σ² / Σ σ² of the unit rows
    double coherence = stats::kNaN;       ///< largest |cosine| of a pair
    double mean_squared = stats::kNaN;    ///< mean cos² over pairs; 1 / D for random rows in R^D
    double random_squared = stats::kNaN;  ///< that 1 / D
    double nearest_angle = stats::kNaN;   ///< mean angle to the nearest row, degrees
    double per_dimension = stats::kNaN;   ///< rows per effective dimension
};
Collinearity collinearity(const LayerWeights& weights);
/// Of any rows [n, D], normalised here.
Collinearity collinearity_of(const at::Tensor& rows);

/// exp of the entropy of σ² / Σ σ² of rows [n, D] in fp64.
double effective_rank_of(const at::Tensor& rows);

/// cos(w_down, w_up) of each expert of all layers, its rank rows averaged; empty for static experts
/// and dense layers.
std::vector<double> read_write_cosines(const Weights& weights);

}  // namespace hopscope::core
