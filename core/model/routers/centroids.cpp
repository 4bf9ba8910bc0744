#include "core/model/routers/centroids.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include "core/config/arithmetic.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

/// `all` with the given rows replaced; the others keep what they held.
at::Tensor replace_rows(const at::Tensor& all, const at::Tensor& rows, const at::Tensor& part) {
    return rows.defined() ? all.index_copy(0, rows, part) : part;
}

at::Tensor projected(const RoutingPass& pass, const HopCall& call) {
    const auto proj = projection_of(pass.w, call.hop);
    return proj.defined() ? at::matmul(call.h, proj.t()) : call.h;
}

}  // namespace

void add_centroids(const Config& config, int64_t layer, LayerWeights& w) {
    const auto& moe = config.moe;
    const int64_t d = config.model.d_model, s = routing_width(config);
    const auto zeros = [&](at::IntArrayRef shape) {
        return at::zeros(shape, w.ffn_norm_weight.options());
    };
    if (!moe.routes_in_model_space())
        w.proj = moe.projection == ProjectionKind::per_hop ? zeros({moe.hops_of(layer), s, d})
                                                           : zeros({s, d});
    const int64_t each = moe.centroids_per_expert();
    w.centroids = each > 1 ? zeros({moe.experts, each, s}) : zeros({moe.experts, s});
    if (moe.learn_tau) w.tau = zeros({});
    if (moe.reads_kinematic() || moe.legacy_param_count) w.kinematic = zeros({moe.experts, s});
}

bool is_plain_cosine(const MoeConfig& moe) {
    return &form_of(moe.router) == &cosine_router() && moe.score == Score::softmax &&
           !moe.has_bias();
}

at::Tensor projection_of(const LayerWeights& w, int64_t hop) {
    return w.proj.defined() && w.proj.dim() == 3 ? w.proj.select(0, hop) : w.proj;
}

at::Tensor position(RoutingPass& pass, const HopCall& call) {
    using kernels::reference::l2norm;
    const auto& moe = pass.config.moe;
    at::Tensor pos;
    if (call.hop > 0 && moe.reroute == Reroute::kinematic)
        pos = at_rows(pass.position, call.rows) + at_rows(pass.moved, call.rows);
    else
        pos = projected(pass, call);
    if (call.hop > 0 && moe.reroute == Reroute::hybrid) pos = pos + at_rows(pass.moved, call.rows);
    if (moe.is_spherical()) pos = l2norm(pos);
    if (call.input.pos_delta) {
        pos = pos + *call.input.pos_delta;
        if (moe.is_spherical()) pos = l2norm(pos);
    }
    if (moe.reads_kinematic()) pass.position = replace_rows(pass.position, call.rows, pos);
    return pos;
}

void move_positions(RoutingPass& pass, const HopRoute& chosen, const at::Tensor& rows) {
    const auto v = rows_of_pool(pass.w.kinematic, chosen.pool);
    const auto step =
        kernels::experts_static(chosen.route.idx, chosen.route.weight, v, pass.options.form);
    pass.moved = replace_rows(pass.moved, rows, step);
}

}  // namespace hopscope::core
