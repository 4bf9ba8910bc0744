// Cosine routing by products of whole matrices, as a GPU does it best, with its operators for rows
// of scores. On the thread and stream of the caller; nothing waits for the device.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/cosine.h"

namespace hopscope::kernels {

struct ScoreRows {
    at::Tensor idx;      ///< [T, k] int64, falling score, ties by lowest index
    at::Tensor top_p;    ///< [T, k] full-softmax probabilities of the chosen
    at::Tensor entropy;  ///< [T]
    at::Tensor max_p;    ///< [T]
};

/// What reaches the probabilities of routing from behind.
struct WeightGradient {
    at::Tensor idx;      ///< [T, k] int64
    at::Tensor weight;   ///< [T, k] of the chosen
    at::Tensor dweight;  ///< [T, k]; undefined: none
    at::Tensor dmean;    ///< [M] gradient of the mean probabilities; undefined: none
    bool renormalise = true;
};

/// What a device does to a matrix of scores.
struct RowOperators {
    /// `scores` [T, M] is turned into the full softmax p in place.
    ScoreRows (*softmax_top_k)(at::Tensor& scores, int64_t k);
    /// `scores` [T, M], of which the softmax was taken, are turned into its gradient in place, and
    /// multiplied by `scale` []. → Σ score · gradient (without `scale`) of each row, [T], fp64.
    at::Tensor (*score_gradient)(at::Tensor& scores, const WeightGradient& from,
                                 const at::Tensor& scale);
    /// Means of the columns of [T, M], T at least 1.
    at::Tensor (*column_means)(const at::Tensor& x);
};

CosineRows route_by_products(const CosineInput& input, const RowOperators& rows);

/// @param made    what `route_by_products` made of `input`
/// @param dweight [T, k]; undefined: none
/// @param dmean   [M] gradient of mean_p; undefined: none
CosineGradient gradient_by_products(const CosineInput& input, const CosineRows& made,
                                    const at::Tensor& dweight, const at::Tensor& dmean,
                                    const RowOperators& rows);

/// Length of each row of `x`, at least ε, [rows, 1].
at::Tensor row_norm(const at::Tensor& x);
/// Gradient of y = x / ‖x‖ for rows: (g − y <y, g>) / ‖x‖.
at::Tensor norm_backward(const at::Tensor& g, const at::Tensor& y, const at::Tensor& norm);

}  // namespace hopscope::kernels
