// Routing with an own autograd node: positions and norms are kept, the [T, M] probabilities are not
// but made again in the backward pass.
#include "kernels/cpu/route.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cpu/route_gradient.h"
#include "kernels/cuda/route.h"
#include "kernels/ops.h"
#include "kernels/reference/reference.h"
#include "kernels/route_products.h"
#include "kernels/support.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using MaybeTensor = std::optional<Tensor>;

#ifdef HOPSCOPE_CUDA
constexpr RowOperators kDeviceRows = {cuda::softmax_top_k, cuda::score_gradient,
                                      cuda::column_means};
#endif

CosineRows rows_of(const CosineInput& input) {
#ifdef HOPSCOPE_CUDA
    if (input.h.is_cuda()) return route_by_products(input, kDeviceRows);
#endif
    return cpu::route(input);
}

CosineGradient gradient_of(const CosineInput& input, const CosineRows& rows, const Tensor& dweight,
                           const Tensor& dmean) {
#ifdef HOPSCOPE_CUDA
    if (input.h.is_cuda()) return gradient_by_products(input, rows, dweight, dmean, kDeviceRows);
#endif
    return cpu::route_gradient(input, rows, dweight, dmean);
}

/// Everything dense and of one type; what is not there is undefined.
CosineInput dense(const Tensor& h, const Tensor& proj, const Tensor& unit, const Tensor& tau,
                  const Tensor& score_bias, const Tensor& pos_delta) {
    const auto like = [&h](const Tensor& x) {
        return x.defined() ? x.to(h.scalar_type()).contiguous() : x;
    };
    CosineInput in;
    in.h = h.contiguous();
    in.proj = like(proj);
    in.unit = unit.contiguous();
    in.tau = like(tau);
    in.score_bias = like(score_bias);
    in.pos_delta = like(pos_delta);
    return in;
}

/// An autograd node takes no undefined tensor: the identity projection travels as an empty one.
Tensor or_undefined(const Tensor& proj) {
    return proj.numel() > 0 ? proj : Tensor();
}

class RouteNode : public torch::autograd::Function<RouteNode> {
  public:
    static variable_list forward(AutogradContext* ctx, const Tensor& h, const Tensor& proj,
                                 const Tensor& centroids, const Tensor& tau, int64_t k,
                                 bool renormalise, const MaybeTensor& score_bias,
                                 const MaybeTensor& pos_delta, bool narrow_gradient) {
        const auto length = row_norm(centroids);
        auto in = dense(h, or_undefined(proj), centroids / length, tau,
                        score_bias.value_or(Tensor()), pos_delta.value_or(Tensor()));
        in.k = k;
        in.renormalise = renormalise;
        const auto rows = rows_of(in);
        ctx->saved_data["renormalise"] = renormalise;
        ctx->saved_data["narrow"] = narrow_gradient;
        ctx->set_materialize_grads(false);  // mean_p has none without a balance loss
        ctx->save_for_backward({in.h, proj, in.unit, tau, in.score_bias, length, rows.idx,
                                rows.weight, rows.pos, rows.norm, rows.first_pos, rows.first_norm});
        ctx->mark_non_differentiable({rows.idx, rows.entropy, rows.max_p, rows.pos});
        return {rows.idx, rows.weight, rows.mean_p, rows.entropy, rows.max_p, rows.pos};
    }

    static variable_list backward(AutogradContext* ctx, variable_list grads) {
        const auto saved = ctx->get_saved_variables();
        const Tensor& proj = saved[1];
        // What moved the position is not read again.
        auto in = dense(saved[0], or_undefined(proj), saved[2], saved[3], saved[4], Tensor());
        CosineRows rows;
        rows.idx = saved[6];
        rows.weight = saved[7];
        rows.pos = saved[8];
        rows.norm = saved[9];
        rows.first_pos = saved[10];
        rows.first_norm = saved[11];
        in.k = rows.idx.size(1);
        in.renormalise = ctx->saved_data["renormalise"].toBool();
        in.narrow_gradient = ctx->saved_data["narrow"].toBool();
        const auto out = gradient_of(in, rows, grads[1], grads[2]);
        return {out.h,
                out.proj,
                norm_backward(out.unit, in.unit, saved[5]),
                saved[3].requires_grad() ? out.tau : Tensor(),
                Tensor(),
                Tensor(),
                Tensor(),
                Tensor(),
                Tensor()};
    }
};

RouteOut without_gradient(const Tensor& h, const Tensor& proj, const Tensor& centroids,
                          const Tensor& tau, int64_t k, bool renormalise,
                          const MaybeTensor& score_bias, const MaybeTensor& pos_delta) {
    auto in = dense(h, proj, centroids / row_norm(centroids), tau, score_bias.value_or(Tensor()),
                    pos_delta.value_or(Tensor()));
    in.k = k;
    in.renormalise = renormalise;
    const auto rows = rows_of(in);
    return {rows.idx, rows.weight, rows.mean_p, rows.entropy, rows.max_p, rows.pos, {}, {}};
}

}  // namespace

RouteOut route(const Tensor& h, const Tensor& proj, const Tensor& centroids, const Tensor& tau,
               int64_t k, bool renormalise, const std::optional<Tensor>& score_bias,
               const std::optional<Tensor>& pos_delta, Form form, bool narrow_gradient) {
    TORCH_INTERNAL_ASSERT(k >= 1 && k <= centroids.size(0), "route: k out of range");
    const bool grad = c10::GradMode::is_enabled() &&
                      (h.requires_grad() || centroids.requires_grad() || tau.requires_grad() ||
                       (proj.defined() && proj.requires_grad()));
    if (form == Form::reference || !has_fused(Operator::route, h))
        return reference::route(h, proj, centroids, tau, k, renormalise, score_bias, pos_delta);
    if (!grad)
        return without_gradient(h, proj, centroids, tau, k, renormalise, score_bias, pos_delta);
    auto o = RouteNode::apply(h, proj.defined() ? proj : at::empty({0}, h.options()), centroids,
                              tau, k, renormalise, score_bias, pos_delta, narrow_gradient);
    return {o[0], o[1], o[2], o[3], o[4], o[5], Tensor(), Tensor()};
}

}  // namespace hopscope::kernels
