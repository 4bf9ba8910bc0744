// CUDA form of dropout, residual sum and LayerNorm in one pass over the rows, without autograd. On
// the thread and stream of the caller, who owns the tensors; nothing waits. The same inputs give
// the same bits.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/dropout_mask.h"

namespace hopscope::kernels::cuda {

struct NormInput {
    at::Tensor residual;      ///< [T, d] fp32, fp64 or bf16
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
NormOut norm(const NormInput& in);

struct NormGrads {
    at::Tensor residual, written;  ///< [T, d]; `written` as given
    at::Tensor weight, bias;       ///< [d]
};
/// @param dout [T, d] of `out`
/// @param dsum [T, d] what else reaches the sum; undefined: nothing
NormGrads norm_gradient(const NormInput& in, const NormOut& of, const at::Tensor& dout,
                        const at::Tensor& dsum);

}  // namespace hopscope::kernels::cuda
