// A pool is the part of a layer's experts that one hop chooses from: all of them, or with unrolled
// pools a part of its own for each hop. Pure functions, any thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

#include "core/api/config.h"

namespace hopscope::core {

/// Experts [offset, offset + size) of a layer.
struct Pool {
    int64_t offset = 0, size = 0;
};

/// The pools of a layer: one of all experts for shared pools, else one a hop [def:unrolled_pools].
std::vector<Pool> pools_of(const Config& config, int64_t layer);
/// The pool that holds an expert of the layer.
Pool pool_of(const Config& config, int64_t layer, int64_t expert);
/// The pool's rows of a tensor with one row an expert; all of them cost no view.
at::Tensor rows_of_pool(const at::Tensor& t, Pool pool);

}  // namespace hopscope::core
