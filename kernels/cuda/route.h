// CUDA form of what routing does to a matrix of scores: softmax statistics and the k best of each
// row, the gradient, means over tokens. fp32 or fp64, on the thread and stream of the caller, who
// owns the tensors; nothing waits. The same inputs give the same bits.
#pragma once

#include "kernels/cpu/route.h"

namespace hopscope::kernels::cuda {

using cpu::ScoreRows;
using cpu::WeightGradient;

/// `scores` [T, M] is turned into the full softmax p in place.
ScoreRows softmax_top_k(at::Tensor& scores, int64_t k);

/// `scores` [T, M], of which the softmax was taken, are turned into its gradient in place, and
/// multiplied by `scale` (one number on the device). The k choices of a row are different experts.
/// → Σ score · gradient (without `scale`) of each row, [T], fp64.
at::Tensor score_gradient(at::Tensor& scores, const WeightGradient& from, const at::Tensor& scale);

/// The k largest of each row of `keys` [T, M], [T, k] int64, falling value, ties by lowest index.
at::Tensor top_k(const at::Tensor& keys, int64_t k);

/// Means of the columns of `x` [T, M], [M]; T at least 1.
at::Tensor column_means(const at::Tensor& x);

}  // namespace hopscope::kernels::cuda
