// Routing with an own autograd node: positions and norms are kept, the [T, M] probabilities are not
// but made again in the backward pass, a row at a time.
#include "kernels/cpu/route.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/mm.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cuda/route.h"
#include "kernels/ops.h"
#include "kernels/reference/reference.h"
#include "kernels/support.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using MaybeTensor = std::optional<Tensor>;

Tensor row_norm(const Tensor& x) {
    return at::linalg_vector_norm(x, 2, at::IntArrayRef{-1}, /*keepdim=*/true).clamp_min(kNormEps);
}

/// Gradient of y = x / ‖x‖ for rows: (g − y <y, g>) / ‖x‖.
Tensor norm_backward(const Tensor& g, const Tensor& y, const Tensor& norm) {
    return (g - y * (y * g).sum(-1, true)) / norm;
}

struct Scored {
    Tensor pos, norm, unit, centroid_norm, scores;
    Tensor first_pos, first_norm;  ///< before the position was moved; undefined: it was not
};

Scored score(const Tensor& h, const Tensor& proj, const Tensor& centroids, const Tensor& tau,
             const std::optional<Tensor>& score_bias, const std::optional<Tensor>& pos_delta) {
    Scored s;
    const auto z = proj.defined() ? at::mm(h, proj.t()) : h;
    s.norm = row_norm(z);
    s.pos = z / s.norm;
    if (pos_delta) {
        s.first_pos = s.pos;
        s.first_norm = s.norm;
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

cpu::ScoreRows softmax_top_k(Tensor& scores, int64_t k) {
#ifdef HOPSCOPE_CUDA
    if (scores.is_cuda()) return cuda::softmax_top_k(scores, k);
#endif
    return cpu::softmax_top_k(scores, k);
}

Tensor mean_of_rows(const Tensor& p) {
#ifdef HOPSCOPE_CUDA
    if (p.is_cuda() && p.size(0) > 0) return cuda::column_means(p);
#endif
    return p.mean(0);
}

/// `scale` stays where it is: a GPU is not waited for.
Tensor score_gradient(Tensor& scores, const cpu::WeightGradient& from, const Tensor& scale) {
#ifdef HOPSCOPE_CUDA
    if (scores.is_cuda())
        return cuda::score_gradient(scores, from, scale.to(scores.options()).contiguous());
#endif
    return cpu::score_gradient(scores, from, scale.item().toDouble());
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
    auto rows = softmax_top_k(p, k);
    f.out.idx = rows.idx;
    f.out.weight = renormalise ? rows.top_p / rows.top_p.sum(-1, true) : rows.top_p;
    f.out.mean_p = mean_of_rows(p);
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
                                 bool renormalise, const MaybeTensor& score_bias,
                                 const MaybeTensor& pos_delta) {
        auto f = forward_fused(h, or_undefined(proj), centroids, tau, k, renormalise, score_bias,
                               pos_delta);
        ctx->saved_data["renormalise"] = renormalise;
        ctx->set_materialize_grads(false);  // mean_p has none without a balance loss
        const Scored& s = f.scored;
        ctx->save_for_backward({h, proj, tau, f.out.idx, f.out.weight, s.pos, s.norm, s.unit,
                                s.centroid_norm, score_bias.value_or(Tensor()), s.first_pos,
                                s.first_norm});
        ctx->mark_non_differentiable({f.out.idx, f.out.entropy, f.out.max_p, f.out.pos});
        return {f.out.idx, f.out.weight, f.out.mean_p, f.out.entropy, f.out.max_p, f.out.pos};
    }

    static variable_list backward(AutogradContext* ctx, variable_list grads) {
        const auto saved = ctx->get_saved_variables();
        const Tensor &h = saved[0], &proj = saved[1], &tau = saved[2];
        const Tensor &pos = saved[5], &norm = saved[6], &unit = saved[7];
        const Tensor &centroid_norm = saved[8], &score_bias = saved[9];
        const Tensor &first_pos = saved[10], &first_norm = saved[11];

        auto dscore = at::mm(pos, unit.t()).mul_(tau);  // the scores, until they are used up
        if (score_bias.defined()) dscore.add_(score_bias);
        const auto along = score_gradient(
            dscore,
            {saved[3], saved[4], grads[1], grads[2], ctx->saved_data["renormalise"].toBool()}, tau);
        Tensor dtau;
        if (tau.requires_grad()) {
            // A biased score is more than tau · cosine.
            const auto sum = score_bias.defined() ? (dscore * at::mm(pos, unit.t())).sum()
                                                  : along.sum().to(tau.scalar_type());
            dtau = sum / tau;
        }
        const auto dcentroids = norm_backward(at::mm(dscore.t(), pos), unit, centroid_norm);
        auto dz = norm_backward(at::mm(dscore, unit), pos, norm);
        if (first_pos.defined()) dz = norm_backward(dz, first_pos, first_norm);
        const bool projects = proj.numel() > 0;
        return {projects ? at::mm(dz, proj) : dz,
                projects ? at::mm(dz.t(), h) : Tensor(),
                dcentroids,
                dtau,
                Tensor(),
                Tensor(),
                Tensor(),
                Tensor()};
    }
};

}  // namespace

RouteOut route(const Tensor& h, const Tensor& proj, const Tensor& centroids, const Tensor& tau,
               int64_t k, bool renormalise, const std::optional<Tensor>& score_bias,
               const std::optional<Tensor>& pos_delta, Form form) {
    TORCH_INTERNAL_ASSERT(k >= 1 && k <= centroids.size(0), "route: k out of range");
    const bool grad = c10::GradMode::is_enabled() &&
                      (h.requires_grad() || centroids.requires_grad() || tau.requires_grad() ||
                       (proj.defined() && proj.requires_grad()));
    if (form == Form::reference || !has_fused(Operator::route, h))
        return reference::route(h, proj, centroids, tau, k, renormalise, score_bias, pos_delta);
    if (!grad)
        return forward_fused(h, proj, centroids, tau, k, renormalise, score_bias, pos_delta).out;
    auto o = RouteNode::apply(h, proj.defined() ? proj : at::empty({0}, h.options()), centroids,
                              tau, k, renormalise, score_bias, pos_delta);
    return {o[0], o[1], o[2], o[3], o[4], o[5], Tensor(), Tensor()};
}

}  // namespace hopscope::kernels
