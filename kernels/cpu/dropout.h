// What attention's probabilities are multiplied by, as a tensor: for the reference form.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/dropout_mask.h"

namespace hopscope::kernels::cpu {

/// 0 where an entry is dropped, else 1 / (1 − p): [B, heads, T, T] on the CPU, of the type of
/// `like` [B, heads, T, head_dim], fp32 or fp64.
at::Tensor dropout_factors(const at::Tensor& like, const Dropout& dropout);

}  // namespace hopscope::kernels::cpu
