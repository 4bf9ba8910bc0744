// Matrix products of a block of rows within a kernel on the CPU, all factors stored by rows, sums
// in their own type. On the calling thread alone.
#pragma once

#include <ATen/core/Tensor.h>

#include "kernels/cpu/gemm.h"

namespace hopscope::kernels::cpu {

/// T is float or double. c [n, p] = a [n, m] · b [m, p] or, with `add`, more than before. fp32 by
/// LibTorch's oneDNN, whose kernels need no copies of small factors; MKL's stay below two thirds of
/// their rate on some processors.
template <class T>
void row_product(const ProductSize& size, Strided<const T> a, Strided<const T> b, bool add,
                 Strided<T> c);

/// Room for [rows, columns] whose rows begin so far apart that equal columns of many of them fit
/// into a cache together: where they lie a power of two apart, they share few places of it.
at::Tensor spread_rows(int64_t rows, int64_t columns, const at::TensorOptions& like);
/// `x` [rows, columns] copied into such room.
at::Tensor spread_rows(const at::Tensor& x);

}  // namespace hopscope::kernels::cpu
