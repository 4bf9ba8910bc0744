// CUDA form of what is counted of choices, and of sums of squares: on the thread and stream of the
// caller. The same inputs give the same bits, whatever is counted first.
#pragma once

#include <ATen/core/Tensor.h>

namespace hopscope::kernels::cuda {

/// Tokens per expert, [M] int64 on the device of `idx` (int64 in [0, M)); nothing waits.
at::Tensor count_choices(const at::Tensor& idx, int64_t experts);

/// As kernels/ops.h says; waits for the device.
double mean_jaccard(const at::Tensor& a, const at::Tensor& b);

/// As kernels/ops.h says, of fp32, fp64 or bf16; waits for the device.
double sum_squares(const at::Tensor& x);

}  // namespace hopscope::kernels::cuda
