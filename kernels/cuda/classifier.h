// CUDA form of the tied head with cross-entropy: chunks of logits are made by cuBLAS and become
// their gradient in place. On the thread and stream of the caller, who owns the tensors; nothing
// waits. The same inputs give the same bits.
#pragma once

#include <ATen/core/Tensor.h>

namespace hopscope::kernels::cuda {

/// nll_t = log Σ_v e^z_tv − z_t,target in nats, z = x embedᵀ. The logits of bf16 are bf16, sums and
/// losses fp32.
/// @param x       [T, d], embed [V, d] of one type out of fp32, fp64 and bf16, contiguous
/// @param targets [T] int64. One outside 0 … V − 1 cannot be refused without waiting for the
///                device: its nll is NaN, at which training stops
/// @param nll     [T], fp64 of fp64, else fp32
/// @param dx      [T, d] of the type of x, is written: Σ nll differentiated; undefined: no gradient
/// @param dembed  [V, d] of the type of nll, the same; as `dx` defined or not
void classifier(const at::Tensor& x, const at::Tensor& embed, const at::Tensor& targets,
                at::Tensor& nll, const at::Tensor& dx, at::Tensor dembed);

}  // namespace hopscope::kernels::cuda
