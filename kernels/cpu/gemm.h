// Small matrix products within a kernel on the CPU, without a tensor for each.
#pragma once

#include <cstdint>

namespace hopscope::kernels::cpu {

/// A factor in memory: rows `stride` numbers apart, the transpose of what stands there if asked.
template <class T>
struct Factor {
    const T* data;
    int64_t stride;
    bool transposed = false;
};

/// Rows of numbers, `stride` apart.
template <class T>
struct Strided {
    T* data;
    int64_t stride;
};

/// Sizes of c [n, p] = a [n, m] · b [m, p].
struct ProductSize {
    int64_t n, p, m;
};

/// c = beta · c + alpha a b, rows of c `stride` apart. On the calling thread alone if it is one of
/// a team that is at work.
void product(const ProductSize& size, float alpha, const Factor<float>& a, const Factor<float>& b,
             float beta, float* c, int64_t stride);
void product(const ProductSize& size, double alpha, const Factor<double>& a,
             const Factor<double>& b, double beta, double* c, int64_t stride);

}  // namespace hopscope::kernels::cpu
