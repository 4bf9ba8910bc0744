#include "core/model/routers/scored.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>

namespace hopscope::core {
namespace {

kernels::Score score_of(const MoeConfig& moe) {
    switch (moe.score) {
        case Score::sigmoid:
            return kernels::Score::sigmoid;
        case Score::relu:
            return kernels::Score::relu;
        case Score::softmax:
            break;
    }
    return kernels::Score::softmax;
}

}  // namespace

kernels::Gate gate_of(const RoutingPass& pass, Pool pool) {
    kernels::Gate gate;
    gate.score = score_of(pass.config.moe);
    gate.renormalise = pass.config.moe.renormalises(pass.top_k());
    if (pass.w.bias.defined()) gate.select_bias = rows_of_pool(pass.w.bias, pool).detach();
    return gate;
}

HopRoute choose_by_scores(const RoutingPass& pass, const HopCall& call, at::Tensor scores,
                          const kernels::Gate& gate) {
    const auto& moe = pass.config.moe;
    if (call.input.score_bias) scores = scores + *call.input.score_bias;
    HopRoute out{kernels::choose(scores, pass.top_k(), gate, pass.options.form), call.pool, {}, {}};
    if (moe.balances_sequences()) {
        // Halted tokens leave no whole sequences; then the term is that of what is left.
        const int64_t length = call.rows.defined() ? call.h.size(0) : pass.tokens.at.length;
        out.balance = sequence_balance(out.route.p, out.route.idx, length);
    } else {
        out.balance = balance_term(out.route, call.pool);
    }
    if (moe.z_loss > 0) out.z = at::logsumexp(scores, {-1}).square().mean();
    return out;
}

at::Tensor balance_term(const at::Tensor& mean_p, const at::Tensor& counts, int64_t choices) {
    const auto f = counts.to(mean_p.options()) / static_cast<double>(choices);
    return (f * mean_p).sum() * static_cast<double>(mean_p.numel());
}

at::Tensor balance_term(const kernels::RouteOut& route, Pool pool) {
    const auto counts = kernels::count_choices(route.idx, pool.size);
    return balance_term(route.mean_p, counts, route.idx.numel());
}

at::Tensor sequence_balance(const at::Tensor& p, const at::Tensor& idx, int64_t length) {
    const int64_t batch = p.size(0) / length, experts = p.size(1), k = idx.size(1);
    const auto chosen = idx.view({batch, length * k});
    const auto counts = at::zeros({batch, experts}, p.options())
                            .scatter_add(1, chosen, at::ones_like(chosen, p.options()));
    const auto f = counts / static_cast<double>(length * k);
    const auto mean_p = p.view({batch, length, experts}).mean(1);
    return (f * mean_p).sum(-1).mean() * static_cast<double>(experts);
}

}  // namespace hopscope::core
