// CPU form of dropout, residual sum and LayerNorm in one visit of the rows, without autograd. The
// calling thread's OpenMP team does the work; the results are the same for any number of threads.
#pragma once

#include "kernels/norm_rows.h"

namespace hopscope::kernels::cpu {

/// Contiguous tensors of fp32 or fp64; here `residual` may be undefined, too: 0.
NormOut norm(const NormInput& in);

/// @param of   what `norm` made; `out` is not read
/// @param dout [T, d] of `out`
/// @param dsum [T, d] what else reaches the sum; undefined: nothing
/// @return     `written` is the tensor `residual` where nothing is dropped
NormGrads norm_gradient(const NormInput& in, const NormOut& of, const at::Tensor& dout,
                        const at::Tensor& dsum);

}  // namespace hopscope::kernels::cpu
