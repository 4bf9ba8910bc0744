// The paper's router: scores are tau times the cosine of a token's position and each centroid. The
// fused operator serves its main line (softmax, no bias); everything else builds its scores here
// and shares the operator that chooses among them.
#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

#include "core/model/routers/centroids.h"
#include "core/model/routers/scored.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

bool fused(const RoutingPass& pass) {
    const auto& moe = pass.config.moe;
    return is_plain_cosine(moe) && !pass.options.changes.keep_scores && !moe.reads_kinematic() &&
           moe.z_loss == 0.0 && !moe.balances_sequences();
}

HopRoute fused_hop(const RoutingPass& pass, const HopCall& call) {
    const int64_t k = pass.top_k();
    HopRoute out{kernels::route(call.h, projection_of(pass.w, call.hop),
                                rows_of_pool(pass.w.centroids, call.pool), pass.tau(call.h), k,
                                pass.config.moe.renormalises(k), call.input.score_bias,
                                call.input.pos_delta, pass.options.form,
                                /*narrow_gradient=*/pass.w.q.scalar_type() == at::kBFloat16),
                 call.pool,
                 {},
                 {}};
    out.balance = balance_term(out.route, call.pool);
    return out;
}

Nearness by_cosine(const MoeConfig&, const LayerWeights& w, Pool pool, const at::Tensor& at) {
    const auto centroids = kernels::reference::l2norm(rows_of_pool(w.centroids, pool));
    return {at::matmul(at, centroids.t()), {}};
}

HopRoute cosine_hop(RoutingPass& pass, const HopCall& call) {
    if (fused(pass)) return fused_hop(pass, call);
    const auto pos = position(pass, call);
    const auto cosine = by_cosine(pass.config.moe, pass.w, call.pool, pos).near;
    auto out = choose_by_scores(pass, call, pass.tau(call.h) * cosine, gate_of(pass, call.pool));
    out.route.pos = pos.detach();
    return out;
}

}  // namespace

const RouterForm& cosine_router() {
    static constexpr RouterForm kForm = {cosine_hop, add_centroids, by_cosine};
    return kForm;
}

}  // namespace hopscope::core
