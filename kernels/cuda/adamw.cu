#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "kernels/cuda/adamw.cuh"
#include "kernels/cuda/adamw.h"

namespace hopscope::kernels::cuda {

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
    auto* target = shadow.defined() ? shadow.mutable_data_ptr<at::BFloat16>() : nullptr;
    adamw_kernel<<<adamw_blocks(n), kAdamWThreads, 0, at::cuda::getCurrentCUDAStream()>>>(
        param.mutable_data_ptr<float>(), grad.const_data_ptr<float>(), m.mutable_data_ptr<float>(),
        v.mutable_data_ptr<float>(), target, factors, n);
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace hopscope::kernels::cuda
