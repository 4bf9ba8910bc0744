// Router rows as the model's stream sees them [def:model_space], to be set beside what experts
// read. Pure functions of weights, any thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <vector>

#include "core/model/pools.h"
#include "core/model/weights.h"

namespace hopscope::core {

/// Rows of one hop's pool in model space.
struct ModelRows {
    int64_t hop = -1;  ///< −1: the same for all hops
    Pool pool;
    at::Tensor rows;  ///< [pool.size, d]
};

/// W_projᵀ of each row, for each projection (per_hop) and pool (unrolled); the rows themselves
/// where there is no projection (linear, identity).
/// @param rows [M, s] (linear: [M, d]) in the routing space: router_rows, or gradients of them
std::vector<ModelRows> in_model_space(const Config& config, const LayerWeights& w, int64_t layer,
                                      const at::Tensor& rows);

/// Unit rows; a row of zeros stays one.
at::Tensor unit_rows(const at::Tensor& rows);

}  // namespace hopscope::core
