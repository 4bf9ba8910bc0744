#include "kernels/cpu/gemm.h"

#include <ATen/ops/mm.h>
#include <c10/util/Exception.h>

// Exported by the MKL inside libtorch_cpu; a LibTorch without MKL has none.
extern "C" __attribute__((weak)) void cblas_gemm_bf16bf16f32(int layout, int trans_a, int trans_b,
                                                             int m, int n, int k, float alpha,
                                                             const void* a, int lda, const void* b,
                                                             int ldb, float beta, float* c,
                                                             int ldc);

namespace hopscope::kernels::cpu {
namespace {

constexpr int kRowMajor = 101, kAsItIs = 111, kTransposed = 112;

/// How BLAS is told of a factor.
struct Factor {
    const void* data;
    int trans, stride;
};
Factor factor_of(const at::Tensor& x) {
    TORCH_INTERNAL_ASSERT(x.scalar_type() == at::kBFloat16 && x.dim() == 2);
    if (x.is_contiguous()) return {x.const_data_ptr(), kAsItIs, static_cast<int>(x.size(1))};
    TORCH_INTERNAL_ASSERT(x.t().is_contiguous());
    return {x.const_data_ptr(), kTransposed, static_cast<int>(x.size(0))};
}

}  // namespace

void add_product(at::Tensor& c, float beta, const at::Tensor& a, const at::Tensor& b) {
    TORCH_INTERNAL_ASSERT(c.scalar_type() == at::kFloat && c.is_contiguous());
    if (!cblas_gemm_bf16bf16f32) {
        if (beta == 0) c.zero_();
        c.mul_(beta).addmm_(a.to(at::kFloat), b.to(at::kFloat));
        return;
    }
    const Factor fa = factor_of(a), fb = factor_of(b);
    cblas_gemm_bf16bf16f32(kRowMajor, fa.trans, fb.trans, static_cast<int>(a.size(0)),
                           static_cast<int>(b.size(1)), static_cast<int>(a.size(1)), 1.0f, fa.data,
                           fa.stride, fb.data, fb.stride, beta, c.mutable_data_ptr<float>(),
                           static_cast<int>(c.size(1)));
}

}  // namespace hopscope::kernels::cpu
