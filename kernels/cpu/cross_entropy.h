// Softmax and cross-entropy of rows of logits with their gradient, in place: one visit of a row
// does all three while it lies in the cache. The calling thread's OpenMP team shares the rows; the
// results are the same for any number of threads.
#pragma once

#include <ATen/core/Tensor.h>

namespace hopscope::kernels::cpu {

/// nll_t = log Σ_v e^z_tv − z_t,target in nats, in the type of the logits.
/// @param logits  [T, V] fp32 or fp64, contiguous; destroyed. Where `gradient` is defined and of
///                the logits' own type it is the same tensor: they become softmax − one-hot
/// @param targets [T] int64, 0 … V − 1; others throw c10::IndexError
/// @param nll     [T], of the logits' type
/// @param gradient [T, V] bf16 (rounded to nearest) or `logits` itself; undefined: none is made
void cross_entropy(at::Tensor& logits, const at::Tensor& targets, at::Tensor& nll,
                   at::Tensor gradient);

}  // namespace hopscope::kernels::cpu
