// What the kernels between two layers read and make, on any device.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/dropout_mask.h"

namespace hopscope::kernels {

struct NormInput {
    at::Tensor residual;      ///< [T, d] fp32, fp64 or, on a GPU, bf16
    at::Tensor written;       ///< [T, d] of its type, added to it; undefined: nothing
    at::Tensor weight, bias;  ///< [d], fp64 of fp64, else fp32
    double eps = 1e-5;
    Dropout dropout;  ///< of `written`, by row and column
};
struct NormOut {
    at::Tensor sum;            ///< [T, d] residual + dropout(written)
    at::Tensor out;            ///< [T, d] LayerNorm of the sum
    at::Tensor mean, inverse;  ///< [T] of its rows; inverse: 1 / √(variance + eps)
};
struct NormGrads {
    at::Tensor residual, written;  ///< [T, d]; `written` as given
    at::Tensor weight, bias;       ///< [d]
};

}  // namespace hopscope::kernels
