// What numbers under dropout are multiplied by, as a tensor: for the reference forms.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/dropout_mask.h"

namespace hopscope::kernels::cpu {

/// 0 where an entry is dropped, else 1 / (1 − p): [rows, columns] on the CPU. @param type fp32,
/// fp64
at::Tensor dropout_factors(int64_t rows, int64_t columns, at::ScalarType type,
                           const Dropout& dropout);

}  // namespace hopscope::kernels::cpu
