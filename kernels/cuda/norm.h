// CUDA form of dropout, residual sum and LayerNorm in one pass over the rows, without autograd. On
// the thread and stream of the caller, who owns the tensors; nothing waits. The same inputs give
// the same bits.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/norm_rows.h"

namespace hopscope::kernels::cuda {

NormOut norm(const NormInput& in);

/// @param dout [T, d] of `out`
/// @param dsum [T, d] what else reaches the sum; undefined: nothing
NormGrads norm_gradient(const NormInput& in, const NormOut& of, const at::Tensor& dout,
                        const at::Tensor& dsum);

}  // namespace hopscope::kernels::cuda
