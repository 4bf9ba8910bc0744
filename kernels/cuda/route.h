// CUDA form of what routing does to a matrix of scores: softmax statistics and the k best of each
// row, the gradient, means over tokens. fp32 or fp64, on the thread and stream of the caller, who
// owns the tensors; nothing waits. The same inputs give the same bits.
#pragma once

#include "kernels/route_products.h"

namespace hopscope::kernels::cuda {

/// As RowOperators says, and so the two behind it.
ScoreRows softmax_top_k(at::Tensor& scores, int64_t k);
/// The k choices of a row are different experts.
at::Tensor score_gradient(at::Tensor& scores, const WeightGradient& from, const at::Tensor& scale);
at::Tensor column_means(const at::Tensor& x);

/// The k largest of each row of `keys` [T, M], [T, k] int64, falling value, ties by lowest index.
at::Tensor top_k(const at::Tensor& keys, int64_t k);

}  // namespace hopscope::kernels::cuda
