// Causal attention in blocks of queries on any device: the products are LibTorch's, and the rows of
// scores between them are given to a kernel. A block of scores is all that is made of the size
// queries × keys. Any thread; without autograd.
#pragma once

#include <ATen/core/Tensor.h>
#include <array>

#include "kernels/dropout_mask.h"

namespace hopscope::kernels {

/// The scores of some queries of all heads, [heads, size, keys]: queries [begin, begin + size) of
/// `length`, which see the keys [0, begin + size).
struct ScoreBlock {
    int64_t heads, size, keys, begin, length;
    double scale;  ///< of the scores
    Dropout dropout;
};

/// What happens to a block of rows, on one device.
struct ScoreKernels {
    /// Scores become the weights that v is added with: softmax of scale · score over the keys that
    /// a query sees, without what is dropped. lse [heads, size], rows length apart: log Σ e^score.
    void (*forward)(const ScoreBlock& block, at::Tensor& scores, at::Tensor& lse);
    /// Scores become those weights again, `along` (<gradient, v>) the gradient of the scores before
    /// their scale.
    void (*backward)(const ScoreBlock& block, at::Tensor& scores, at::Tensor& along,
                     const at::Tensor& lse);
};

struct BlocksInput {
    at::Tensor q, k, v;  ///< [B, heads, T, head_dim] of one type, fp32 or fp64
    Dropout dropout;
};
struct BlocksOut {
    at::Tensor out;  ///< [B, heads, T, head_dim]
    at::Tensor lse;  ///< [B · heads, T]
};
BlocksOut attention_by_blocks(const BlocksInput& in, const ScoreKernels& kernels);
/// Gradients of q, k and v, summed over the blocks in their order.
std::array<at::Tensor, 3> attention_by_blocks_gradient(const BlocksInput& in, const at::Tensor& lse,
                                                       const at::Tensor& dout,
                                                       const ScoreKernels& kernels);

}  // namespace hopscope::kernels
