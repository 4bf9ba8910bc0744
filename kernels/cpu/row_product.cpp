#include "kernels/cpu/row_product.h"

#include <ATen/native/CPUBlas.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <vector>

#include "kernels/cpu/loops.h"

namespace hopscope::kernels::cpu {
namespace {

/// oneDNN makes code for each set of sizes, so only round numbers of rows and terms are left to it.
constexpr int64_t kRound = 8;

/// `rows`: those of b.
template <class T>
HOPSCOPE_INLINE void product_loop(const ProductSize& size, Strided<const T> a, const T* const* rows,
                                  bool add, Strided<T> c) {
    for (int64_t i = 0; i < size.n; ++i) {
        T* out = c.data + i * c.stride;
        if (!add) std::fill_n(out, size.p, T(0));
        add_rows_loop(out, 0, size.p, rows, a.data + i * a.stride, size.m);
    }
}
HOPSCOPE_CLONES void product_rows(const ProductSize& size, Strided<const float> a,
                                  const float* const* rows, bool add, Strided<float> c) {
    product_loop(size, a, rows, add, c);
}
void product_rows(const ProductSize& size, Strided<const double> a, const double* const* rows,
                  bool add, Strided<double> c) {
    product_loop(size, a, rows, add, c);
}

/// Not by a BLAS: where no team is at work it starts one, and its sums depend on how many it has.
template <class T>
void by_rows(const ProductSize& size, Strided<const T> a, Strided<const T> b, bool add,
             Strided<T> c) {
    std::vector<const T*> rows(static_cast<size_t>(size.m));
    for (size_t k = 0; k < rows.size(); ++k) rows[k] = b.data + static_cast<int64_t>(k) * b.stride;
    product_rows(size, a, rows.data(), add, c);
}

}  // namespace

template <>
void row_product<float>(const ProductSize& size, Strided<const float> a, Strided<const float> b,
                        bool add, Strided<float> c) {
    if (size.n % kRound != 0 || size.m % kRound != 0) return by_rows(size, a, b, add, c);
    at::native::cpublas::brgemm(size.n, size.p, size.m, a.stride, b.stride, c.stride, add, a.data,
                                b.data, c.data, /*is_vnni=*/false);
}

template <>
void row_product<double>(const ProductSize& size, Strided<const double> a, Strided<const double> b,
                         bool add, Strided<double> c) {
    by_rows(size, a, b, add, c);
}

at::Tensor spread_rows(int64_t rows, int64_t columns, const at::TensorOptions& like) {
    constexpr int64_t kLine = 16, kTooEven = 128;
    int64_t stride = (columns + kLine - 1) / kLine * kLine;
    if (stride % kTooEven == 0) stride += kLine;
    return at::empty({rows, stride}, like).narrow(1, 0, columns);
}

at::Tensor spread_rows(const at::Tensor& x) {
    auto out = spread_rows(x.size(0), x.size(1), x.options());
    out.copy_(x);
    return out;
}

}  // namespace hopscope::kernels::cpu
