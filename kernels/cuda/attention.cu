#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "kernels/cuda/attention.cuh"
#include "kernels/cuda/attention.h"

namespace hopscope::kernels::cuda {
namespace {

/// One warp a query of the block, on the current stream.
template <class T, class Kernel>
void launch(Kernel kernel, const ScoreBlock& b, at::Tensor& scores, T* along,
            const at::Tensor& lse) {
    const int64_t rows = b.heads * b.size;
    if (rows == 0) return;
    const QueryRows<T> r{.heads = b.heads,
                         .size = b.size,
                         .keys = b.keys,
                         .begin = b.begin,
                         .length = b.length,
                         .scale = static_cast<T>(b.scale),
                         .mask = Mask<T>::of(b.dropout),
                         .scores = scores.mutable_data_ptr<T>(),
                         .along = along,
                         .lse = lse.mutable_data_ptr<T>()};
    kernel<<<blocks_for(rows, kQueryWarps), kQueryWarps * kWarp, 0,
             at::cuda::getCurrentCUDAStream()>>>(r);
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

void check(const ScoreBlock& b, const at::Tensor& scores, const at::Tensor& lse) {
    TORCH_CHECK(scores.is_cuda() && scores.is_contiguous() &&
                    scores.numel() == b.heads * b.size * b.keys &&
                    (scores.scalar_type() == at::kFloat || scores.scalar_type() == at::kDouble) &&
                    lse.scalar_type() == scores.scalar_type() && lse.stride(1) == 1 &&
                    (b.heads < 2 || lse.stride(0) == b.length),
                "attention: needs contiguous fp32 or fp64 CUDA scores [heads, size, keys], not ",
                scores.scalar_type(), " ", scores.sizes());
}

}  // namespace

void query_weights(const ScoreBlock& block, at::Tensor& scores, at::Tensor& lse) {
    check(block, scores, lse);
    const c10::cuda::CUDAGuard guard(scores.device());
    if (scores.scalar_type() == at::kDouble)
        launch<double>(query_weights_kernel<double>, block, scores, nullptr, lse);
    else
        launch<float>(query_weights_kernel<float>, block, scores, nullptr, lse);
}

void query_gradient(const ScoreBlock& block, at::Tensor& scores, at::Tensor& along,
                    const at::Tensor& lse) {
    check(block, scores, lse);
    check(block, along, lse);
    const c10::cuda::CUDAGuard guard(scores.device());
    if (scores.scalar_type() == at::kDouble)
        launch<double>(query_gradient_kernel<double>, block, scores,
                       along.mutable_data_ptr<double>(), lse);
    else
        launch<float>(query_gradient_kernel<float>, block, scores, along.mutable_data_ptr<float>(),
                      lse);
}

}  // namespace hopscope::kernels::cuda
