// Online K-Means: centroids are running means of the tokens that chose them (core/train/balance.h
// moves them), one or two an expert, compared by cosine or, plain, by dot product. A bias that
// counting moves balances the load.
#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <c10/core/GradMode.h>
#include <tuple>

#include "core/model/routers/centroids.h"
#include "core/model/routers/scored.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

Nearness to_means(const MoeConfig& moe, const LayerWeights& w, Pool pool, const at::Tensor& at) {
    Nearness out;
    auto centroids = rows_of_pool(w.centroids, pool);
    if (moe.is_spherical()) centroids = kernels::reference::l2norm(centroids);
    if (centroids.dim() == 3) {  // the better of two sub-centroids
        const auto both =
            at::matmul(at, centroids.flatten(0, 1).t()).view({at.size(0), centroids.size(0), 2});
        std::tie(out.near, out.nearest) = both.max(-1);
    } else {
        out.near = at::matmul(at, centroids.t());
    }
    return out;
}

HopRoute kmeans_hop(RoutingPass& pass, const HopCall& call) {
    const auto& moe = pass.config.moe;
    const auto pos = position(pass, call);
    const auto [near, nearest] = to_means(moe, pass.w, call.pool, pos);
    const bool scaled = moe.scales_by_tau();
    auto gate = gate_of(pass, call.pool);
    gate.identity = moe.gates_by_identity();
    // The bias is added to the nearness itself [def:kmeans_router], which the scores hold times
    // tau.
    gate.bias_on_scores = true;
    if (gate.select_bias && scaled)
        *gate.select_bias = *gate.select_bias * pass.tau(call.h).detach();
    auto out = choose_by_scores(pass, call, scaled ? pass.tau(call.h) * near : near, gate);
    out.route.pos = pos.detach();
    if (pass.options.train) {
        const c10::AutoGradMode no_grad(false);
        pass.assignments.push_back(
            {out.route.pos, out.route.idx + call.pool.offset,
             nearest.defined() ? nearest.gather(1, out.route.idx) : at::Tensor()});
    }
    return out;
}

}  // namespace

const RouterForm& kmeans_router() {
    static constexpr RouterForm kForm = {kmeans_hop, add_centroids, to_means};
    return kForm;
}

}  // namespace hopscope::core
