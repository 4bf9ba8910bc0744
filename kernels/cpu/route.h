// CPU form of what routing does to a matrix of scores: softmax statistics and the k best of each
// row. Any thread; only what is passed is touched.
#pragma once

#include <ATen/core/Tensor.h>

namespace hopscope::kernels::cpu {

struct ScoreRows {
    at::Tensor idx;      ///< [T, k] int64, falling score, ties by lowest index
    at::Tensor top_p;    ///< [T, k] full-softmax probabilities of the chosen
    at::Tensor entropy;  ///< [T]
    at::Tensor max_p;    ///< [T]
};

/// `scores` [T, M] is turned into the full softmax p in place.
ScoreRows softmax_top_k(at::Tensor& scores, int64_t k);

/// The k largest of each row of `keys` [T, M], [T, k] int64, falling value, ties by lowest index.
at::Tensor top_k(const at::Tensor& keys, int64_t k);

}  // namespace hopscope::kernels::cpu
