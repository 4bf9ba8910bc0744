#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "kernels/cuda/rotate.cuh"
#include "kernels/cuda/rotate.h"
#include "kernels/cuda/types.h"

namespace hopscope::kernels::cuda {

void rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, bool back,
            at::Tensor& out) {
    const auto fits = [](const at::Tensor& t) { return t.is_cuda() && t.is_contiguous(); };
    TORCH_CHECK(fits(x) && fits(cos) && fits(sin) && fits(out) && x.dim() == 4 &&
                    out.sizes() == x.sizes() && out.scalar_type() == x.scalar_type(),
                "rotate: needs contiguous CUDA tensors [B, T, heads, head_dim]");
    const int64_t pairs = x.numel() / 2;
    if (pairs == 0) return;
    const c10::cuda::CUDAGuard guard(x.device());
    by_type(x.scalar_type(), [&](auto entry) {
        using T = decltype(entry);
        const Rotation<T> p{.x = x.const_data_ptr<T>(),
                            .out = out.mutable_data_ptr<T>(),
                            .cos = cos.const_data_ptr<Wide<T>>(),
                            .sin = sin.const_data_ptr<Wide<T>>(),
                            .pairs = pairs,
                            .length = x.size(1),
                            .heads = x.size(2),
                            .half = x.size(3) / 2,
                            .way = back ? Wide<T>(-1) : Wide<T>(1)};
        rotate_kernel<<<rotate_blocks(pairs), kRotateThreads, 0,
                        at::cuda::getCurrentCUDAStream()>>>(p);
        C10_CUDA_KERNEL_LAUNCH_CHECK();
    });
}

}  // namespace hopscope::kernels::cuda
