#include <ATen/cuda/CUDAContext.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "kernels/cuda/counts.cuh"
#include "kernels/cuda/counts.h"
#include "kernels/cuda/types.h"

namespace hopscope::kernels::cuda {
namespace {

/// The address of counts, which begin as zeros.
Count* address(const at::Tensor& counts) {
    static_assert(sizeof(Count) == sizeof(int64_t));
    return reinterpret_cast<Count*>(counts.mutable_data_ptr<int64_t>());
}

void check(const at::Tensor& idx, const char* what) {
    TORCH_CHECK(idx.is_cuda() && idx.scalar_type() == at::kLong, what,
                ": needs int64 CUDA choices, not ", idx.scalar_type());
}

}  // namespace

at::Tensor count_choices(const at::Tensor& idx, int64_t experts) {
    check(idx, "count_choices");
    const c10::cuda::CUDAGuard guard(idx.device());
    const auto flat = idx.contiguous();
    auto counts = at::zeros({experts}, idx.options());
    if (flat.numel() == 0) return counts;
    count_choices_kernel<<<count_blocks(flat.numel()), kCountThreads, 0,
                           at::cuda::getCurrentCUDAStream()>>>(flat.const_data_ptr<int64_t>(),
                                                               flat.numel(), address(counts));
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    return counts;
}

double mean_jaccard(const at::Tensor& a, const at::Tensor& b) {
    check(a, "mean_jaccard");
    check(b, "mean_jaccard");
    const int64_t tokens = a.size(0), ka = a.size(1), kb = b.size(1);
    TORCH_CHECK(b.size(0) == tokens, "mean_jaccard: ", a.sizes(), " and ", b.sizes());
    if (tokens == 0) return 0;
    const c10::cuda::CUDAGuard guard(a.device());
    const auto one = a.contiguous(), other = b.contiguous();
    auto tokens_with = at::zeros({ka * kb + 1}, a.options());
    overlaps_kernel<<<count_blocks(tokens), kCountThreads, 0, at::cuda::getCurrentCUDAStream()>>>(
        one.const_data_ptr<int64_t>(), other.const_data_ptr<int64_t>(), tokens, ka, kb,
        address(tokens_with));
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    return mean_of_overlaps(tokens_with.cpu().const_data_ptr<int64_t>(), tokens, ka, kb);
}

double sum_squares(const at::Tensor& x) {
    TORCH_CHECK(x.is_cuda(), "sum_squares: needs a CUDA tensor");
    if (x.numel() == 0) return 0;
    const c10::cuda::CUDAGuard guard(x.device());
    const auto flat = x.contiguous();
    const int64_t n = flat.numel(), blocks = square_blocks(n);
    // The sums of the blocks, and their total behind them.
    auto sums = at::empty({blocks + 1}, x.options().dtype(at::kDouble));
    auto* to = sums.mutable_data_ptr<double>();
    const auto stream = at::cuda::getCurrentCUDAStream();
    by_type(x.scalar_type(), [&](auto entry) {
        using T = decltype(entry);
        square_sums_kernel<<<static_cast<unsigned>(blocks), kCountThreads, 0, stream>>>(
            flat.const_data_ptr<T>(), n, to);
        C10_CUDA_KERNEL_LAUNCH_CHECK();
    });
    total_kernel<<<1, kCountThreads, 0, stream>>>(to, blocks, to + blocks);
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    return sums[blocks].item<double>();
}

}  // namespace hopscope::kernels::cuda
