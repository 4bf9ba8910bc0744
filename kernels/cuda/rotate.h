// CUDA form of rotary positions: one pass over the heads, forwards or backwards. On the thread and
// stream of the caller, who owns the tensors; nothing waits.
#pragma once

#include <ATen/core/Tensor.h>

namespace hopscope::kernels::cuda {

/// out = x turned by the angles, or back by them.
/// @param x, out   [B, T, heads, head_dim] fp32, fp64 or bf16, contiguous; may be one tensor
/// @param cos, sin [T, head_dim / 2], fp64 of fp64, else fp32, contiguous
void rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, bool back,
            at::Tensor& out);

}  // namespace hopscope::kernels::cuda
