// Routing with an own autograd node: the [T, M] probabilities are not kept but computed again in
// the backward pass.
#include "kernels/cpu/route.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/ops.h"
#include "kernels/reference/reference.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

Tensor row_norm(const Tensor& x) {
    return at::linalg_vector_norm(x, 2, at::IntArrayRef{-1}, /*keepdim=*/true).clamp_min(kNormEps);
}

/// Gradient of y = x / ‖x‖ for rows: (g − y <y, g>) / ‖x‖.
Tensor norm_backward(const Tensor& g, const Tensor& y, const Tensor& norm) {
    return (g - y * (y * g).sum(-1, true)) / norm;
}

struct Scored {
    Tensor pos, norm, unit, centroid_norm, scores;
};

Scored score(const Tensor& h, const Tensor& proj, const Tensor& centroids, const Tensor& tau,
             const std::optional<Tensor>& score_bias, const std::optional<Tensor>& pos_delta) {
    Scored s;
    const auto z = proj.defined() ? at::mm(h, proj.t()) : h;
    s.norm = row_norm(z);
    s.pos = z / s.norm;
    if (pos_delta) {
        const auto moved = s.pos + *pos_delta;
        s.norm = row_norm(moved);
        s.pos = moved / s.norm;
    }
    s.centroid_norm = row_norm(centroids);
    s.unit = centroids / s.centroid_norm;
    s.scores = at::mm(s.pos, s.unit.t()).mul_(tau);
    if (score_bias) s.scores.add_(*score_bias);
    return s;
}

struct Fields {
    RouteOut out;
    Scored scored;
};

Fields forward_fused(const Tensor& h, const Tensor& proj, const Tensor& centroids,
                     const Tensor& tau, int64_t k, bool renormalise,
                     const std::optional<Tensor>& score_bias,
                     const std::optional<Tensor>& pos_delta) {
    Fields f;
    f.scored = score(h, proj, centroids, tau, score_bias, pos_delta);
    auto& p = f.scored.scores;
    auto rows = cpu::softmax_top_k(p, k);
    f.out.idx = rows.idx;
    f.out.weight = renormalise ? rows.top_p / rows.top_p.sum(-1, true) : rows.top_p;
    f.out.mean_p = p.mean(0);
    f.out.entropy = rows.entropy;
    f.out.max_p = rows.max_p;
    f.out.pos = f.scored.pos;
    return f;
}

/// An autograd node takes no undefined tensor: the identity projection travels as an empty one.
Tensor or_undefined(const Tensor& proj) {
    return proj.numel() > 0 ? proj : Tensor();
}

class RouteNode : public torch::autograd::Function<RouteNode> {
  public:
    static variable_list forward(AutogradContext* ctx, const Tensor& h, const Tensor& proj,
                                 const Tensor& centroids, const Tensor& tau, int64_t k,
                                 bool renormalise) {
        auto f = forward_fused(h, or_undefined(proj), centroids, tau, k, renormalise, std::nullopt,
                               std::nullopt);
        ctx->saved_data["renormalise"] = renormalise;
        ctx->save_for_backward({h, proj, centroids, tau, f.out.idx, f.out.weight});
        ctx->mark_non_differentiable({f.out.idx, f.out.entropy, f.out.max_p, f.out.pos});
        return {f.out.idx, f.out.weight, f.out.mean_p, f.out.entropy, f.out.max_p, f.out.pos};
    }

    static variable_list backward(AutogradContext* ctx, variable_list grads) {
        const auto saved = ctx->get_saved_variables();
        const Tensor &h = saved[0], &proj = saved[1], &centroids = saved[2], &tau = saved[3];
        const Tensor &idx = saved[4], &weight = saved[5];
        const Tensor &dweight = grads[1], &dmean = grads[2];
        const bool renormalise = ctx->saved_data["renormalise"].toBool();

        const auto s = score(h, or_undefined(proj), centroids, tau, std::nullopt, std::nullopt);
        const auto p = at::softmax(s.scores, -1);
        // Gradient at the probabilities: mean_p reaches all, weight reaches the chosen.
        auto dscore = at::zeros_like(p);
        if (dmean.defined()) dscore = p * (dmean / static_cast<double>(h.size(0)));
        if (dweight.defined() && !renormalise) {
            auto chosen = at::zeros_like(p);
            chosen.scatter_(1, idx, weight * dweight);
            dscore = dscore + chosen;
        }
        dscore = dscore - p * dscore.sum(-1, true);
        if (dweight.defined() && renormalise) {
            // Renormalised weights are the softmax over the k chosen scores alone.
            const auto along = weight * (dweight - (weight * dweight).sum(-1, true));
            dscore.scatter_add_(1, idx, along);
        }
        Tensor dtau;
        if (tau.requires_grad()) dtau = (dscore * s.scores).sum() / tau;
        dscore.mul_(tau);
        const auto dcentroids = norm_backward(at::mm(dscore.t(), s.pos), s.unit, s.centroid_norm);
        const auto dz = norm_backward(at::mm(dscore, s.unit), s.pos, s.norm);
        if (proj.numel() == 0) return {dz, Tensor(), dcentroids, dtau, Tensor(), Tensor()};
        return {at::mm(dz, proj), at::mm(dz.t(), h), dcentroids, dtau, Tensor(), Tensor()};
    }
};

}  // namespace

RouteOut route(const Tensor& h, const Tensor& proj, const Tensor& centroids, const Tensor& tau,
               int64_t k, bool renormalise, const std::optional<Tensor>& score_bias,
               const std::optional<Tensor>& pos_delta, Form form) {
    TORCH_INTERNAL_ASSERT(k >= 1 && k <= centroids.size(0), "route: k out of range");
    const bool changed = score_bias.has_value() || pos_delta.has_value();
    const bool grad =
        c10::GradMode::is_enabled() && (h.requires_grad() || centroids.requires_grad() ||
                                        (proj.defined() && proj.requires_grad()));
    // The row loops are CPU code; a device without them, and gradients through an intervention,
    // take the reference.
    if (form == Form::reference || !h.is_cpu() || (changed && grad))
        return reference::route(h, proj, centroids, tau, k, renormalise, score_bias, pos_delta);
    if (!grad)
        return forward_fused(h, proj, centroids, tau, k, renormalise, score_bias, pos_delta).out;
    auto o = RouteNode::apply(h, proj.defined() ? proj : at::empty({0}, h.options()), centroids,
                              tau, k, renormalise);
    return {o[0], o[1], o[2], o[3], o[4], o[5], Tensor(), Tensor()};
}

}  // namespace hopscope::kernels
