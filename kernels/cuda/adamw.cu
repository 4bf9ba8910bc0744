#include <ATen/cuda/CUDAContext.h>
#include <algorithm>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_bf16.h>

#include "kernels/cuda/adamw.h"

namespace hopscope::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kMaxBlocks = 65536;

__global__ void adamw_kernel(float* __restrict__ p, const float* __restrict__ g,
                             float* __restrict__ m, float* __restrict__ v,
                             __nv_bfloat16* __restrict__ shadow, AdamWFactors c, int64_t n) {
    const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
    for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
         i += stride) {
        const float x = g[i] * c.scale;
        const float mi = c.beta1 * m[i] + (1.0f - c.beta1) * x;
        const float vi = c.beta2 * v[i] + (1.0f - c.beta2) * x * x;
        const float pi = p[i] * c.keep - c.rate * mi / (sqrtf(vi) * c.root + c.eps);
        m[i] = mi;
        v[i] = vi;
        p[i] = pi;
        if (shadow != nullptr) shadow[i] = __float2bfloat16_rn(pi);
    }
}

}  // namespace

void adamw(at::Tensor& param, const at::Tensor& grad, at::Tensor& m, at::Tensor& v,
           at::Tensor& shadow, const AdamWFactors& factors) {
    TORCH_CHECK(param.is_cuda() && param.is_contiguous() && grad.is_contiguous() &&
                    m.is_contiguous() && v.is_contiguous() && grad.sizes() == param.sizes(),
                "adamw: needs contiguous CUDA tensors of one shape");
    TORCH_CHECK(!shadow.defined() || (shadow.scalar_type() == at::kBFloat16 &&
                                      shadow.is_contiguous() && shadow.sizes() == param.sizes()),
                "adamw: shadow must be contiguous bf16 of the same shape");
    const int64_t n = param.numel();
    if (n == 0) return;
    const c10::cuda::CUDAGuard guard(param.device());
    auto* target = shadow.defined()
                       ? reinterpret_cast<__nv_bfloat16*>(shadow.mutable_data_ptr<at::BFloat16>())
                       : nullptr;
    const auto blocks =
        static_cast<unsigned>(std::min<int64_t>((n + kThreads - 1) / kThreads, kMaxBlocks));
    adamw_kernel<<<blocks, kThreads, 0, at::cuda::getCurrentCUDAStream()>>>(
        param.mutable_data_ptr<float>(), grad.const_data_ptr<float>(), m.mutable_data_ptr<float>(),
        v.mutable_data_ptr<float>(), target, factors, n);
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace hopscope::kernels::cuda
