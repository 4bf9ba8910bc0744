// Residual sum, dropout and LayerNorm with an own autograd node: of the rows the sum alone is kept,
// which the next layer keeps anyway; what was dropped is decided again in the backward pass.
#include "kernels/cpu/norm.h"

#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cpu/dropout.h"
#include "kernels/cuda/norm.h"
#include "kernels/ops.h"
#include "kernels/reference/reference.h"
#include "kernels/support.h"
#include "kernels/types.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using MaybeTensor = std::optional<Tensor>;

NormOut run_rows(const NormInput& in) {
#ifdef HOPSCOPE_CUDA
    if (in.weight.is_cuda()) return cuda::norm(in);
#endif
    return cpu::norm(in);
}

NormGrads run_gradient(const NormInput& in, const NormOut& of, const Tensor& dout,
                       const Tensor& dsum) {
#ifdef HOPSCOPE_CUDA
    if (dout.is_cuda()) return cuda::norm_gradient(in, of, dout, dsum);
#endif
    return cpu::norm_gradient(in, of, dout, dsum);
}

class AddNormNode : public torch::autograd::Function<AddNormNode> {
  public:
    static variable_list forward(AutogradContext* ctx, const MaybeTensor& x,
                                 const MaybeTensor& written, const Tensor& weight,
                                 const Tensor& bias, double eps, double p, int64_t seed) {
        const auto made = run_rows({x.value_or(Tensor()),
                                    written.value_or(Tensor()),
                                    weight,
                                    bias,
                                    eps,
                                    {p, static_cast<uint64_t>(seed)}});
        ctx->set_materialize_grads(false);
        ctx->save_for_backward({made.sum, made.mean, made.inverse, weight, bias});
        ctx->saved_data["has_x"] = x.has_value();
        ctx->saved_data["has_written"] = written.has_value();
        ctx->saved_data["eps"] = eps;
        ctx->saved_data["p"] = p;
        ctx->saved_data["seed"] = seed;
        return {made.sum, made.out};
    }

    static variable_list backward(AutogradContext* ctx, variable_list grads) {
        const auto s = ctx->get_saved_variables();
        const bool has_x = ctx->saved_data["has_x"].toBool(),
                   has_written = ctx->saved_data["has_written"].toBool();
        const NormOut of{s[0], Tensor(), s[1], s[2]};
        const NormInput in{s[0],
                           has_written ? s[0] : Tensor(),  // asked only whether there is one
                           s[3],
                           s[4],
                           ctx->saved_data["eps"].toDouble(),
                           {ctx->saved_data["p"].toDouble(),
                            static_cast<uint64_t>(ctx->saved_data["seed"].toInt())}};
        const auto dout = grads[1].defined() ? grads[1].contiguous() : at::zeros_like(s[0]);
        const auto made =
            run_gradient(in, of, dout, grads[0].defined() ? grads[0].contiguous() : Tensor());
        return {has_x ? made.residual : Tensor(),
                has_written ? made.written : Tensor(),
                made.weight,
                made.bias,
                Tensor(),
                Tensor(),
                Tensor()};
    }
};

}  // namespace

NormedSum add_norm(const Tensor& x, const Tensor& written, const Tensor& weight, const Tensor& bias,
                   double eps, double p, int64_t seed, Form form) {
    const auto& like = x.defined() ? x : written;
    TORCH_CHECK(like.defined() && (!written.defined() || written.sizes() == like.sizes()),
                "add_norm: needs x, written or both, of one shape [T, d]");
    const bool fits = like.scalar_type() == weight.scalar_type() || like.is_cuda();
    if (form == Form::reference || !fits || !has_fused(Operator::add_norm, like)) {
        const Dropout dropout{p, static_cast<uint64_t>(seed)};
        Tensor factors;
        if (written.defined() && p > 0)
            factors =
                cpu::dropout_factors(like.size(0), like.size(1), wide_of(like), dropout).to(like);
        return reference::add_norm(x, written, factors, weight, bias, eps);
    }
    // Kernels of a GPU add to something.
    const auto residual = x.defined() || like.is_cpu() ? x : at::zeros_like(like);
    const auto dense = [](const Tensor& t) {
        return t.defined() ? MaybeTensor(t.contiguous()) : std::nullopt;
    };
    const auto a = dense(residual), b = dense(written);
    if (!c10::GradMode::is_enabled()) {
        const auto made = run_rows({a.value_or(Tensor()),
                                    b.value_or(Tensor()),
                                    weight,
                                    bias,
                                    eps,
                                    {p, static_cast<uint64_t>(seed)}});
        return {made.sum, made.out};
    }
    const auto out = AddNormNode::apply(a, b, weight, bias, eps, p, seed);
    return {out[0], out[1]};
}

}  // namespace hopscope::kernels
