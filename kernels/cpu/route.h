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

/// Room for the rows of `scores` [T, M].
ScoreRows room_for_rows(const at::Tensor& scores, int64_t k);
/// `scores` [T, M] is turned into the full softmax p in place.
ScoreRows softmax_top_k(at::Tensor& scores, int64_t k);

/// What reaches the probabilities of routing from behind.
struct WeightGradient {
    at::Tensor idx;      ///< [T, k] int64
    at::Tensor weight;   ///< [T, k] of the chosen
    at::Tensor dweight;  ///< [T, k]; undefined: none
    at::Tensor dmean;    ///< [M] gradient of the mean probabilities; undefined: none
    bool renormalise = true;
};

/// `scores` [T, M], of which the softmax was taken, are turned into its gradient in place, and
/// multiplied by `scale`. → Σ score · gradient (without `scale`) of each row, [T], fp64.
at::Tensor score_gradient(at::Tensor& scores, const WeightGradient& from, double scale);

/// The k largest of each row of `keys` [T, M], [T, k] int64, falling value, ties by lowest index.
at::Tensor top_k(const at::Tensor& keys, int64_t k);

}  // namespace hopscope::kernels::cpu
