#include <ATen/TensorOperators.h>
#include <ATen/cuda/CUDAContext.h>
#include <ATen/ops/empty.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "kernels/cuda/route.h"
#include "kernels/cuda/rows.cuh"
#include "kernels/support.h"

namespace hopscope::kernels::cuda {
namespace {

void check(const at::Tensor& x, int64_t k, const char* what) {
    TORCH_CHECK(x.is_cuda() && x.is_contiguous() && x.dim() == 2 && has_fused(Operator::route, x),
                what, ": needs contiguous fp32 or fp64 CUDA scores [T, M], not ", x.scalar_type(),
                " ", x.sizes());
    TORCH_CHECK(k >= 1 && k <= x.size(1), what, ": k ", k, " is not in 1 … ", x.size(1));
}

/// What a kernel gets for a tensor that may be undefined.
template <class T>
const T* address(const at::Tensor& x) {
    return x.defined() ? x.const_data_ptr<T>() : nullptr;
}

at::Tensor dense(const at::Tensor& x) {
    return x.defined() ? x.contiguous() : x;
}

/// One warp a row, on the current stream.
template <class Kernel, class... Args>
void launch_rows(Kernel kernel, int64_t tokens, const Args&... args) {
    if (tokens == 0) return;
    kernel<<<blocks_for(tokens, kRowWarps), kRowWarps * kWarp, 0,
             at::cuda::getCurrentCUDAStream()>>>(args...);
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

template <class T>
ScoreRows forward(at::Tensor& scores, int64_t k) {
    const int64_t tokens = scores.size(0), m = scores.size(1);
    const auto like = scores.options();
    ScoreRows out{at::empty({tokens, k}, like.dtype(at::kLong)), at::empty({tokens, k}, like),
                  at::empty({tokens}, like), at::empty({tokens}, like)};
    launch_rows(softmax_top_k_kernel<T>, tokens,
                ForwardRows<T>{.scores = scores.mutable_data_ptr<T>(),
                               .idx = out.idx.mutable_data_ptr<int64_t>(),
                               .top_p = out.top_p.mutable_data_ptr<T>(),
                               .entropy = out.entropy.mutable_data_ptr<T>(),
                               .max_p = out.max_p.mutable_data_ptr<T>(),
                               .tokens = tokens,
                               .m = m,
                               .k = k});
    return out;
}

template <class T>
at::Tensor gradient(at::Tensor& scores, const WeightGradient& from, const at::Tensor& scale) {
    const int64_t tokens = scores.size(0), m = scores.size(1);
    auto dot = at::empty({tokens}, scores.options().dtype(at::kDouble));
    const auto idx = from.idx.contiguous(), weight = from.weight.contiguous(),
               dweight = dense(from.dweight);
    const auto mean =
        from.dmean.defined() ? dense(from.dmean / static_cast<double>(tokens)) : at::Tensor();
    launch_rows(score_gradient_kernel<T>, tokens,
                GradientRows<T>{.scores = scores.mutable_data_ptr<T>(),
                                .idx = idx.const_data_ptr<int64_t>(),
                                .weight = weight.const_data_ptr<T>(),
                                .dweight = address<T>(dweight),
                                .mean = address<T>(mean),
                                .scale = scale.const_data_ptr<T>(),
                                .dot = dot.mutable_data_ptr<double>(),
                                .tokens = tokens,
                                .m = m,
                                .k = from.idx.size(1),
                                .renormalise = from.renormalise});
    return dot;
}

template <class T>
at::Tensor choose_rows(const at::Tensor& keys, int64_t k) {
    const int64_t tokens = keys.size(0);
    auto idx = at::empty({tokens, k}, keys.options().dtype(at::kLong));
    launch_rows(top_k_kernel<T>, tokens, keys.const_data_ptr<T>(), tokens, keys.size(1), k,
                idx.mutable_data_ptr<int64_t>());
    return idx;
}

template <class T>
at::Tensor means(const at::Tensor& x) {
    const int64_t rows = x.size(0), m = x.size(1), chunks = mean_chunks(rows);
    auto sums = at::empty({chunks, m}, x.options()), out = at::empty({m}, x.options());
    const auto stream = at::cuda::getCurrentCUDAStream();
    const unsigned columns = blocks_for(m, kMeanLanes);
    chunk_sums_kernel<T>
        <<<dim3(columns, static_cast<unsigned>(chunks)), dim3(kMeanLanes, kMeanRows), 0, stream>>>(
            x.const_data_ptr<T>(), rows, m, sums.mutable_data_ptr<T>());
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    mean_kernel<T><<<columns, kMeanLanes, 0, stream>>>(sums.const_data_ptr<T>(), chunks, rows, m,
                                                       out.mutable_data_ptr<T>());
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    return out;
}

}  // namespace

ScoreRows softmax_top_k(at::Tensor& scores, int64_t k) {
    check(scores, k, "softmax_top_k");
    const c10::cuda::CUDAGuard guard(scores.device());
    return scores.scalar_type() == at::kDouble ? forward<double>(scores, k)
                                               : forward<float>(scores, k);
}

at::Tensor score_gradient(at::Tensor& scores, const WeightGradient& from, const at::Tensor& scale) {
    check(scores, from.idx.size(1), "score_gradient");
    TORCH_CHECK(
        scale.is_cuda() && scale.numel() == 1 && scale.scalar_type() == scores.scalar_type(),
        "score_gradient: scale has to be one number on the device, of the scores' type");
    const c10::cuda::CUDAGuard guard(scores.device());
    return scores.scalar_type() == at::kDouble ? gradient<double>(scores, from, scale)
                                               : gradient<float>(scores, from, scale);
}

at::Tensor top_k(const at::Tensor& keys, int64_t k) {
    check(keys, k, "top_k");
    const c10::cuda::CUDAGuard guard(keys.device());
    return keys.scalar_type() == at::kDouble ? choose_rows<double>(keys, k)
                                             : choose_rows<float>(keys, k);
}

at::Tensor column_means(const at::Tensor& x) {
    check(x, 1, "column_means");
    TORCH_CHECK(x.size(0) > 0, "column_means: no rows");
    const c10::cuda::CUDAGuard guard(x.device());
    return x.scalar_type() == at::kDouble ? means<double>(x) : means<float>(x);
}

}  // namespace hopscope::kernels::cuda
