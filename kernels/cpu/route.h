// CPU form of cosine routing, a block of tokens at a time: its scores stay in the cache from the
// product that makes them to their last use, no [T, M] matrix is written. Any thread, whose OpenMP
// team shares the blocks; the same bits for any number of threads.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/cosine.h"

namespace hopscope::kernels::cpu {

CosineRows route(const CosineInput& input);

/// The k largest of each row of `keys` [T, M], [T, k] int64, falling value, ties by lowest index.
at::Tensor top_k(const at::Tensor& keys, int64_t k);

}  // namespace hopscope::kernels::cpu
