#include <ATen/cuda/CUDAContext.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <algorithm>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "kernels/cuda/classifier.h"
#include "kernels/cuda/cross_entropy.cuh"
#include "kernels/cuda/types.h"
#include "kernels/types.h"

namespace hopscope::kernels::cuda {
namespace {

/// Rows a chunk. Every chunk reads and writes the gradient of the embedding, which is what speaks
/// for long ones; the room that they need, against them.
constexpr int64_t kChunkRows = 4096;

/// [rows, width] of the type of `like` with rows that begin at vectors: a view of something wider.
at::Tensor room_for_logits(int64_t rows, int64_t width, const at::Tensor& like) {
    at::Tensor out;
    by_type(like.scalar_type(), [&](auto entry) {
        out = at::empty({rows, vector_stride<decltype(entry)>(width)}, like.options());
    });
    return out.narrow(1, 0, width);
}

void cross_entropy(at::Tensor& logits, const at::Tensor& targets, at::Tensor& nll, bool gradient) {
    by_type(logits.scalar_type(), [&](auto entry) {
        using T = decltype(entry);
        const LogitRows<T> rows{.logits = logits.mutable_data_ptr<T>(),
                                .targets = targets.const_data_ptr<int64_t>(),
                                .nll = nll.mutable_data_ptr<Wide<T>>(),
                                .width = logits.size(1),
                                .stride = logits.stride(0),
                                .gradient = gradient};
        cross_entropy_kernel<<<static_cast<unsigned>(logits.size(0)), kLogitThreads, 0,
                               at::cuda::getCurrentCUDAStream()>>>(rows);
        C10_CUDA_KERNEL_LAUNCH_CHECK();
    });
}

void check(const at::Tensor& x, const at::Tensor& embed, const at::Tensor& targets) {
    const auto fits = [&](const at::Tensor& t, at::ScalarType type) {
        return t.is_cuda() && t.is_contiguous() && t.scalar_type() == type;
    };
    TORCH_CHECK(fits(x, x.scalar_type()) && fits(embed, x.scalar_type()) &&
                    fits(targets, at::kLong) && x.dim() == 2 && embed.dim() == 2 &&
                    x.size(1) == embed.size(1) && embed.size(0) > 0 && targets.numel() == x.size(0),
                "classifier: needs contiguous CUDA tensors x [T, d] and embed [V, d] of one type "
                "and T int64 targets, not ",
                x.sizes(), ", ", embed.sizes(), ", ", targets.sizes());
}

}  // namespace

void classifier(const at::Tensor& x, const at::Tensor& embed, const at::Tensor& targets,
                at::Tensor& nll, const at::Tensor& dx, at::Tensor dembed) {
    check(x, embed, targets);
    const c10::cuda::CUDAGuard guard(x.device());
    const int64_t tokens = x.size(0), most = std::min(tokens, kChunkRows);
    if (dembed.defined() && tokens == 0) dembed.zero_();
    const auto room = room_for_logits(most, embed.size(0), x);
    for (int64_t lo = 0; lo < tokens; lo += most) {
        const int64_t n = std::min(most, tokens - lo);
        const auto rows = x.narrow(0, lo, n);
        auto logits = room.narrow(0, 0, n), losses = nll.narrow(0, lo, n);
        at::mm_out(logits, rows, embed.t());
        cross_entropy(logits, targets.narrow(0, lo, n), losses, dx.defined());
        if (!dx.defined()) continue;
        auto own = dx.narrow(0, lo, n);
        at::mm_out(own, logits, embed);
        const int beta = lo == 0 ? 0 : 1;
        if (wide_of(x) != x.scalar_type())
            at::addmm_out(dembed, dembed, logits.t(), rows, wide_of(x), beta);
        else
            dembed.addmm_(logits.t(), rows, beta);
    }
}

}  // namespace hopscope::kernels::cuda
