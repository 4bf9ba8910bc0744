// Causal attention on a GPU, differentiable. On the thread and stream of the caller.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/dropout_mask.h"

namespace hopscope::kernels::cuda {

/// q, k, v [B, heads, T, head_dim] of one type out of fp32, fp64 and bf16 → [B, heads, T,
/// head_dim], as `attention` of kernels/ops.h says.
at::Tensor attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                     const Dropout& dropout);

}  // namespace hopscope::kernels::cuda
