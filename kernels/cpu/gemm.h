// Matrix products of bf16 factors with sums and results in fp32, which LibTorch has no operator for
// on the CPU. The calling thread's OpenMP team does the work.
#pragma once

#include <ATen/core/Tensor.h>

namespace hopscope::kernels::cpu {

/// c = beta · c + a b.
/// @param a [n, m], b [m, p], bf16, contiguous or the transpose of a contiguous tensor
/// @param c [n, p] fp32, contiguous
void add_product(at::Tensor& c, float beta, const at::Tensor& a, const at::Tensor& b);

}  // namespace hopscope::kernels::cpu
