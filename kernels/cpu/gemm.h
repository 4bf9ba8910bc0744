// Matrix products that LibTorch has no operator for on the CPU: bf16 factors with sums and results
// in fp32, and small products within a kernel, without a tensor for each.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/BFloat16.h>
#include <cstdint>

namespace hopscope::kernels::cpu {

/// c = beta · c + a b, by the calling thread's OpenMP team.
/// @param a [n, m], b [m, p], bf16, contiguous or the transpose of a contiguous tensor
/// @param c [n, p] fp32, contiguous
void add_product(at::Tensor& c, float beta, const at::Tensor& a, const at::Tensor& b);

/// Is there a product of bf16 factors with sums in fp32? LibTorch's MKL brings it.
bool has_bf16_products();

/// A factor in memory: rows `stride` numbers apart, the transpose of what stands there if asked.
template <class T>
struct Factor {
    const T* data;
    int64_t stride;
    bool transposed = false;
};

/// Sizes of c [n, p] = a [n, m] · b [m, p].
struct ProductSize {
    int64_t n, p, m;
};

/// c = beta · c + alpha a b, rows of c `stride` apart. On the calling thread alone if it is one of
/// a team that is at work. bf16: only where has_bf16_products().
void product(const ProductSize& size, float alpha, const Factor<float>& a, const Factor<float>& b,
             float beta, float* c, int64_t stride);
void product(const ProductSize& size, double alpha, const Factor<double>& a,
             const Factor<double>& b, double beta, double* c, int64_t stride);
void product(const ProductSize& size, float alpha, const Factor<c10::BFloat16>& a,
             const Factor<c10::BFloat16>& b, float beta, float* c, int64_t stride);

}  // namespace hopscope::kernels::cpu
