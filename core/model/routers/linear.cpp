// The common router: a score is the logit of a linear layer over the stream, one row an expert.
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include "core/model/routers/scored.h"

namespace hopscope::core {
namespace {

void add_linear(const Config& config, int64_t, LayerWeights& w) {
    w.linear = at::zeros({config.moe.experts, config.model.d_model}, w.ffn_norm_weight.options());
}

Nearness logits(const MoeConfig&, const LayerWeights& w, Pool pool, const at::Tensor& h) {
    return {at::matmul(h, rows_of_pool(w.linear, pool).t()), {}};
}

HopRoute linear_hop(RoutingPass& pass, const HopCall& call) {
    const auto scores = logits(pass.config.moe, pass.w, call.pool, call.h).near;
    return choose_by_scores(pass, call, scores, gate_of(pass, call.pool));
}

}  // namespace

const RouterForm& linear_router() {
    static constexpr RouterForm kForm = {linear_hop, add_linear, logits};
    return kForm;
}

}  // namespace hopscope::core
