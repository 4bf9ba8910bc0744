#include <ATen/cuda/CUDAContext.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "kernels/cuda/norm.cuh"
#include "kernels/cuda/norm.h"
#include "kernels/cuda/types.h"
#include "kernels/types.h"

namespace hopscope::kernels::cuda {
namespace {

void check(const NormInput& in) {
    const auto& x = in.residual;
    const auto rows = [&](const at::Tensor& t) {
        return t.is_cuda() && t.is_contiguous() && t.scalar_type() == x.scalar_type() &&
               t.dim() == 2 && t.sizes() == x.sizes();
    };
    const auto parameter = [&](const at::Tensor& t) {
        return t.is_cuda() && t.is_contiguous() && t.scalar_type() == wide_of(x) && t.dim() == 1 &&
               t.size(0) == x.size(1);
    };
    TORCH_CHECK(rows(x) && (!in.written.defined() || rows(in.written)) && parameter(in.weight) &&
                    parameter(in.bias),
                "norm: needs contiguous CUDA rows [T, d] of one type and ", wide_of(x),
                " parameters [d], not ", x.scalar_type(), " ", x.sizes());
}

template <class T>
const T* address(const at::Tensor& x) {
    return x.defined() ? x.const_data_ptr<T>() : nullptr;
}

/// One warp a row, on the current stream.
template <class Kernel, class Rows>
void launch_rows(Kernel kernel, const Rows& rows) {
    if (rows.tokens == 0) return;
    kernel<<<blocks_for(rows.tokens, kNormWarps), kNormWarps * kWarp, 0,
             at::cuda::getCurrentCUDAStream()>>>(rows);
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

template <class T>
void run(const NormInput& in, NormOut& out) {
    using W = Wide<T>;
    launch_rows(norm_kernel<T>, NormRows<T>{.tokens = in.residual.size(0),
                                            .d = in.residual.size(1),
                                            .eps = static_cast<W>(in.eps),
                                            .mask = Mask<W>::of(in.dropout),
                                            .residual = in.residual.const_data_ptr<T>(),
                                            .written = address<T>(in.written),
                                            .weight = in.weight.const_data_ptr<W>(),
                                            .bias = in.bias.const_data_ptr<W>(),
                                            .sum = out.sum.mutable_data_ptr<T>(),
                                            .out = out.out.mutable_data_ptr<T>(),
                                            .mean = out.mean.mutable_data_ptr<W>(),
                                            .inverse = out.inverse.mutable_data_ptr<W>()});
}

template <class T>
void run_gradient(const NormInput& in, const NormOut& of, const at::Tensor& dout,
                  const at::Tensor& dsum, NormGrads& into) {
    using W = Wide<T>;
    const int64_t tokens = dout.size(0), d = dout.size(1), chunks = norm_chunks(tokens);
    const NormGradientRows<T> rows{
        .tokens = tokens,
        .d = d,
        .mask = Mask<W>::of(in.dropout),
        .sum = of.sum.const_data_ptr<T>(),
        .dout = dout.const_data_ptr<T>(),
        .dsum = address<T>(dsum),
        .weight = in.weight.const_data_ptr<W>(),
        .mean = of.mean.const_data_ptr<W>(),
        .inverse = of.inverse.const_data_ptr<W>(),
        .dresidual = into.residual.mutable_data_ptr<T>(),
        .dwritten = into.written.defined() ? into.written.mutable_data_ptr<T>() : nullptr};
    if (tokens == 0) return;
    launch_rows(norm_gradient_kernel<T>, rows);
    auto sums = at::empty({chunks, 2, d}, in.weight.options());
    const auto stream = at::cuda::getCurrentCUDAStream();
    norm_columns_kernel<T>
        <<<dim3(blocks_for(d, kNormColumns), static_cast<unsigned>(chunks)),
           dim3(kNormColumns, kNormShares), 0, stream>>>(rows, sums.mutable_data_ptr<W>());
    C10_CUDA_KERNEL_LAUNCH_CHECK();
    norm_columns_total_kernel<W>
        <<<blocks_for(d, kNormTotalThreads), kNormTotalThreads, 0, stream>>>(
            sums.const_data_ptr<W>(), chunks, d, into.weight.mutable_data_ptr<W>(),
            into.bias.mutable_data_ptr<W>());
    C10_CUDA_KERNEL_LAUNCH_CHECK();
}

}  // namespace

NormOut norm(const NormInput& in) {
    check(in);
    const c10::cuda::CUDAGuard guard(in.residual.device());
    const auto& x = in.residual;
    NormOut out{at::empty(x.sizes(), x.options()), at::empty(x.sizes(), x.options()),
                at::empty({x.size(0)}, in.weight.options()),
                at::empty({x.size(0)}, in.weight.options())};
    by_type(x.scalar_type(), [&](auto entry) { run<decltype(entry)>(in, out); });
    return out;
}

NormGrads norm_gradient(const NormInput& in, const NormOut& of, const at::Tensor& dout,
                        const at::Tensor& dsum) {
    check(in);
    const c10::cuda::CUDAGuard guard(dout.device());
    const auto own = dout.contiguous(), behind = dsum.defined() ? dsum.contiguous() : dsum;
    const auto& x = in.residual;
    TORCH_CHECK(own.sizes() == x.sizes() && own.scalar_type() == x.scalar_type(),
                "norm: the gradient is ", own.scalar_type(), " ", own.sizes(), ", the rows ",
                x.scalar_type(), " ", x.sizes());
    NormGrads into{at::empty(x.sizes(), x.options()),
                   in.written.defined() ? at::empty(x.sizes(), x.options()) : at::Tensor(),
                   at::zeros(in.weight.sizes(), in.weight.options()),
                   at::zeros(in.bias.sizes(), in.bias.options())};
    by_type(x.scalar_type(),
            [&](auto entry) { run_gradient<decltype(entry)>(in, of, own, behind, into); });
    return into;
}

}  // namespace hopscope::kernels::cuda
