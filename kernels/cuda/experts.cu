#include <ATen/cuda/CUDAContext.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <limits>
#include <type_traits>
#include <vector>

#include "kernels/cuda/experts.cuh"
#include "kernels/cuda/experts.h"
#include "kernels/cuda/gated.cuh"
#include "kernels/cuda/pairs.cuh"
#include "kernels/cuda/types.h"
#include "kernels/support.h"

namespace hopscope::kernels::cuda {
namespace {

using cpu::readers;

void check(const ExpertInput& in, const at::Tensor& out) {
    const auto& write = in.bank.written();
    const auto fits = [&](const at::Tensor& x) {
        return x.is_cuda() && x.is_contiguous() && x.scalar_type() == out.scalar_type();
    };
    bool whole = fits(out) && fits(in.weight) && fits(write) && in.idx.is_cuda() &&
                 in.idx.is_contiguous() && in.idx.scalar_type() == at::kLong;
    const auto read = readers(in.bank);
    for (const auto& x : read) whole = whole && fits(x);
    if (!read.empty()) whole = whole && fits(in.h);
    TORCH_CHECK(
        whole && has_fused(Operator::experts, out),
        "experts: needs contiguous CUDA tensors of one type out of fp32, fp64 and bf16, and "
        "int64 choices");
    TORCH_CHECK(in.idx.numel() <= std::numeric_limits<int>::max(), "experts: ", in.idx.numel(),
                " pairs of token and expert at once; take fewer tokens");
}

template <class T>
ExpertPass<T> pass_of(const ExpertInput& in, const Slots& slots) {
    const auto read = readers(in.bank);
    const auto& write = in.bank.written();
    ExpertPass<T> p{.tokens = in.idx.size(0),
                    .k = in.idx.size(1),
                    .r = write.dim() == 3 ? write.size(1) : 1,
                    .d = write.size(-1),
                    .first = slots.first,
                    .count = slots.count,
                    .groups = slots.groups,
                    .idx = in.idx.const_data_ptr<int64_t>(),
                    .h = read.empty() ? nullptr : in.h.const_data_ptr<T>(),
                    .w = in.weight.const_data_ptr<T>(),
                    .write = write.const_data_ptr<T>(),
                    .read = {}};
    for (size_t c = 0; c < read.size(); ++c) p.read[c] = read[c].const_data_ptr<T>();
    return p;
}

/// `warps` warps on the current stream.
template <class Kernel, class... Args>
void launch(Kernel kernel, int64_t warps, int per_block, const Args&... args) {
    if (warps == 0) return;
    kernel<<<blocks_for(warps, per_block), per_block * kWarp, 0,
             at::cuda::getCurrentCUDAStream()>>>(args...);
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

/// Pairs in the order of their experts.
struct Sorted {
    at::Tensor first;  ///< [M + 1] int32
    at::Tensor pairs;  ///< [pairs] int32
};

Sorted sort_pairs(const at::Tensor& idx, const PairRange& range, int64_t experts) {
    const auto options = idx.options().dtype(at::kInt);
    const int64_t n = range.tokens * range.count, chunks = pair_chunks(n);
    auto counts = at::zeros({chunks, experts}, options);
    Sorted out{at::empty({experts + 1}, options), at::empty({n}, options)};
    const auto* choices = idx.const_data_ptr<int64_t>();
    auto* places = counts.mutable_data_ptr<int>();
    launch(count_pairs_kernel, chunks, kPairWarps, choices, range, experts, places);
    launch(scan_pairs_kernel, kScanThreads / kWarp, kScanThreads / kWarp, places, chunks, experts,
           out.first.mutable_data_ptr<int>());
    launch(place_pairs_kernel, chunks, kPairWarps, choices, range, experts, places,
           out.pairs.mutable_data_ptr<int>());
    return out;
}

template <class T>
RowGrads<T> row_grads(ExpertGrads& into) {
    RowGrads<T> out{.read = {}, .write = into.bank.written().mutable_data_ptr<T>()};
    const auto read = readers(into.bank);
    for (size_t c = 0; c < read.size(); ++c) out.read[c] = read[c].mutable_data_ptr<T>();
    return out;
}

template <int kReads, class T>
void forward(const ExpertInput& in, const Slots& slots, bool have_pre, at::Tensor& pre,
             at::Tensor& out) {
    launch(experts_forward_kernel<kReads, T>, in.idx.size(0), kExpertWarps, pass_of<T>(in, slots),
           have_pre, pre.mutable_data_ptr<Wide<T>>(), out.mutable_data_ptr<T>());
}

template <int kReads, class T>
void backward(const ExpertInput& in, const Slots& slots, const at::Tensor& pre,
              const at::Tensor& grad, ExpertGrads& into) {
    const auto p = pass_of<T>(in, slots);
    at::Tensor to = at::empty({p.tokens, p.k, p.r, kReads + 1}, pre.options());
    const T* g = grad.const_data_ptr<T>();
    auto* coefficients = to.mutable_data_ptr<Wide<T>>();
    T* dh = kReads > 0 ? into.h.mutable_data_ptr<T>() : nullptr;
    launch(experts_backward_kernel<kReads, T>, p.tokens, kExpertWarps, p,
           pre.const_data_ptr<Wide<T>>(), g, dh, into.weight.mutable_data_ptr<T>(), coefficients);
    const auto rows = row_grads<T>(into);
    const int64_t experts = in.bank.written().size(0);
    const Sorted sorted = sort_pairs(in.idx, {p.tokens, p.k, slots.first, slots.count}, experts);
    launch(row_gradients_kernel<kReads, T>, row_gradient_warps(experts, p.r, p.d), kExpertWarps, p,
           experts, sorted.first.const_data_ptr<int>(), sorted.pairs.const_data_ptr<int>(), g,
           coefficients, rows);
}

/// Room for the coefficients of all pairs and ranks: of the rows that read, then the written one.
template <int kReads>
at::Tensor room_for_coefficients(const at::Tensor& pre) {
    return at::empty({pre.size(0), pre.size(1), pre.size(2), kReads + 1}, pre.options());
}

template <int kReads, class T>
void gated_forward(const ExpertInput& in, at::Tensor& pre, at::Tensor& total, at::Tensor& out) {
    const auto p = pass_of<T>(in, {0, in.idx.size(1), 1});
    at::Tensor to = room_for_coefficients<kReads>(pre);
    launch(gated_forward_kernel<kReads, T>, p.tokens, kExpertWarps, p,
           pre.mutable_data_ptr<Wide<T>>(), to.mutable_data_ptr<Wide<T>>(),
           total.mutable_data_ptr<T>(), out.mutable_data_ptr<T>());
}

template <int kReads, class T>
void gated_backward(const ExpertInput& in, const at::Tensor& pre, const at::Tensor& total,
                    const at::Tensor& grad, ExpertGrads& into) {
    const auto p = pass_of<T>(in, {0, in.idx.size(1), 1});
    at::Tensor to = room_for_coefficients<kReads>(pre);
    at::Tensor shared = at::empty({p.tokens, p.d}, pre.options());
    const T *g = grad.const_data_ptr<T>(), *all = total.const_data_ptr<T>();
    auto* coefficients = to.mutable_data_ptr<Wide<T>>();
    launch(gated_backward_kernel<kReads, T>, p.tokens, kExpertWarps, p,
           pre.const_data_ptr<Wide<T>>(), all, g,
           kReads > 0 ? into.h.mutable_data_ptr<T>() : nullptr, into.weight.mutable_data_ptr<T>(),
           coefficients, shared.mutable_data_ptr<Wide<T>>());
    const auto rows = row_grads<T>(into);
    const int64_t experts = in.bank.written().size(0);
    const Sorted sorted = sort_pairs(in.idx, {p.tokens, p.k, 0, p.k}, experts);
    launch(gated_row_gradients_kernel<kReads, T>, row_gradient_warps(experts, p.r, p.d),
           kExpertWarps, p, experts, sorted.first.const_data_ptr<int>(),
           sorted.pairs.const_data_ptr<int>(), all, shared.const_data_ptr<Wide<T>>(), g,
           coefficients, rows);
}

/// Calls f with the number of tensors that read, and an element of the type, as constants.
template <class F>
void by_kind(ExpertKind kind, at::ScalarType type, const F& f) {
    by_type(type, [&](auto element) {
        if (kind == ExpertKind::fixed) return f(std::integral_constant<int, 0>{}, element);
        if (kind == ExpertKind::mlp) return f(std::integral_constant<int, 1>{}, element);
        f(std::integral_constant<int, 2>{}, element);
    });
}

}  // namespace

void experts_forward(const ExpertInput& in, const Slots& slots, bool have_pre, at::Tensor& pre,
                     at::Tensor& out) {
    check(in, out);
    const c10::cuda::CUDAGuard guard(out.device());
    by_kind(in.bank.kind, out.scalar_type(), [&](auto reads, auto element) {
        forward<decltype(reads)::value, decltype(element)>(in, slots, have_pre, pre, out);
    });
}

void experts_backward(const ExpertInput& in, const Slots& slots, const at::Tensor& pre,
                      const at::Tensor& grad, ExpertGrads& into) {
    check(in, grad);
    const c10::cuda::CUDAGuard guard(grad.device());
    by_kind(in.bank.kind, grad.scalar_type(), [&](auto reads, auto element) {
        backward<decltype(reads)::value, decltype(element)>(in, slots, pre, grad, into);
    });
}

void cross_gated(const ExpertInput& in, at::Tensor& pre, at::Tensor& total, at::Tensor& out) {
    check(in, out);
    const c10::cuda::CUDAGuard guard(out.device());
    by_kind(in.bank.kind, out.scalar_type(), [&](auto reads, auto element) {
        gated_forward<decltype(reads)::value, decltype(element)>(in, pre, total, out);
    });
}

void cross_gated_backward(const ExpertInput& in, const at::Tensor& pre, const at::Tensor& total,
                          const at::Tensor& grad, ExpertGrads& into) {
    check(in, grad);
    const c10::cuda::CUDAGuard guard(grad.device());
    by_kind(in.bank.kind, grad.scalar_type(), [&](auto reads, auto element) {
        gated_backward<decltype(reads)::value, decltype(element)>(in, pre, total, grad, into);
    });
}

}  // namespace hopscope::kernels::cuda
