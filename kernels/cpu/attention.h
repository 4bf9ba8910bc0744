// Causal attention of a head after the other, in blocks of queries: the scores of a block stay in
// the cache, and the backward pass makes them again from q, k and one number a query. Work is
// spread over the calling thread's OpenMP team by heads, each of which sums its own gradients.
#pragma once

#include <ATen/core/Tensor.h>
#include <array>

#include "kernels/cpu/dropout.h"

namespace hopscope::kernels::cpu {

/// q, k, v [B, heads, T, head_dim] of one type, fp32, fp64 or bf16, numbers of a row side by side.
struct AttentionInput {
    at::Tensor q, k, v;
    Dropout dropout;
};

struct AttentionOut {
    at::Tensor out;  ///< [B, heads, T, head_dim], in memory [B, T, heads, head_dim]
    at::Tensor lse;  ///< [B, heads, T] log Σ e^score of each query, fp32 or fp64
};
AttentionOut attention(const AttentionInput& in);

/// Gradients of q, k and v, each in memory as `out`. @param dout as q
std::array<at::Tensor, 3> attention_gradient(const AttentionInput& in, const at::Tensor& lse,
                                             const at::Tensor& dout);

}  // namespace hopscope::kernels::cpu
