#include "kernels/cpu/gemm.h"

// Exported by the BLAS inside libtorch_cpu.
extern "C" {
__attribute__((weak)) void sgemm_(const char* trans_a, const char* trans_b, const int* m,
                                  const int* n, const int* k, const float* alpha, const float* a,
                                  const int* lda, const float* b, const int* ldb, const float* beta,
                                  float* c, const int* ldc);
__attribute__((weak)) void dgemm_(const char* trans_a, const char* trans_b, const int* m,
                                  const int* n, const int* k, const double* alpha, const double* a,
                                  const int* lda, const double* b, const int* ldb,
                                  const double* beta, double* c, const int* ldc);
}

namespace hopscope::kernels::cpu {
namespace {

/// The formula, for a LibTorch whose BLAS has other names.
template <class T>
void plain_product(const ProductSize& size, T alpha, const Factor<T>& a, const Factor<T>& b, T beta,
                   T* c, int64_t stride) {
    const auto at = [](const Factor<T>& x, int64_t row, int64_t column) {
        return x.transposed ? x.data[column * x.stride + row] : x.data[row * x.stride + column];
    };
    for (int64_t i = 0; i < size.n; ++i)
        for (int64_t j = 0; j < size.p; ++j) {
            T sum = 0;
            for (int64_t k = 0; k < size.m; ++k) sum += at(a, i, k) * at(b, k, j);
            T& out = c[i * stride + j];
            out = alpha * sum + (beta == T(0) ? T(0) : beta * out);
        }
}

/// Fortran's BLAS knows columns: it makes cᵀ = bᵀ aᵀ, of which these are the rows.
template <class T, class Gemm>
void by_columns(const Gemm& gemm, const ProductSize& size, T alpha, const Factor<T>& a,
                const Factor<T>& b, T beta, T* c, int64_t stride) {
    const auto word = [](const Factor<T>& x) { return x.transposed ? 'T' : 'N'; };
    const char of_a = word(a), of_b = word(b);
    const int n = static_cast<int>(size.n), p = static_cast<int>(size.p),
              m = static_cast<int>(size.m), row_a = static_cast<int>(a.stride),
              row_b = static_cast<int>(b.stride), row_c = static_cast<int>(stride);
    gemm(&of_b, &of_a, &p, &n, &m, &alpha, b.data, &row_b, a.data, &row_a, &beta, c, &row_c);
}

}  // namespace

void product(const ProductSize& size, float alpha, const Factor<float>& a, const Factor<float>& b,
             float beta, float* c, int64_t stride) {
    if (!sgemm_) return plain_product(size, alpha, a, b, beta, c, stride);
    by_columns(sgemm_, size, alpha, a, b, beta, c, stride);
}

void product(const ProductSize& size, double alpha, const Factor<double>& a,
             const Factor<double>& b, double beta, double* c, int64_t stride) {
    if (!dgemm_) return plain_product(size, alpha, a, b, beta, c, stride);
    by_columns(dgemm_, size, alpha, a, b, beta, c, stride);
}

}  // namespace hopscope::kernels::cpu
