#include "core/probe/plan.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <algorithm>

#include "core/api/needs.h"
#include "core/model/pools.h"
#include "core/probe/intervention_kind.h"
#include "core/probe/interventions/table.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

Status add_command(PlanReader reader) {
    if (const auto why = missing(Need::routing, reader.model.config))
        return reader.wrong(*why + " to change");
    if (reader.command.has("from_step"))
        return reader.wrong("\"from_step\" belongs to the run in training");
    if (auto s = reader.read_scope(); !s) return s;
    const InterventionKind* kind = find_intervention(reader.command.kind);
    if (!kind) return reader.wrong("acts on the run in training, not on prompts");
    return kind->add(reader);
}

/// What all actions together must leave possible at each hop.
Status check_hops(const Config& config, const Plan& plan) {
    for (int64_t l = 0; l < config.model.n_layers; ++l) {
        const auto pools = pools_of(config, l);
        for (int64_t hop = 0; hop < config.moe.hops_of(l); ++hop) {
            const auto [offset, size] = pools[pools.size() == 1 ? 0 : static_cast<size_t>(hop)];
            const HopPool at{l, hop, offset, size, config.moe.top_k};
            for (const InterventionKind* kind : intervention_kinds())
                if (auto s = kind->check(plan, at); !s) return s;
        }
    }
    return {};
}

}  // namespace

bool Scope::at_hop(int64_t hop) const {
    return hops.empty() || std::find(hops.begin(), hops.end(), hop) != hops.end();
}

Result<Plan> make_plan(const Model& model, const std::vector<Command>& commands, uint64_t seed) {
    Plan plan;
    for (const auto& command : commands) {
        auto added = add_command({model, command, seed, plan});
        // After each, so that the line is named which goes too far.
        if (added) added = check_hops(model.config, plan);
        if (!added) return Error{added.error().kind, command.place + added.error().message};
    }
    plan.changes.keep_scores = plan.acts();
    return plan;
}

at::Tensor router_rows(const LayerWeights& w) {
    using kernels::reference::l2norm;
    if (w.linear.defined()) return l2norm(w.linear.detach());
    if (!w.centroids.defined()) return {};
    auto c = l2norm(w.centroids.detach());
    return c.dim() == 3 ? l2norm(c.sum(1)) : c;  // two sub-centroids count as their mean direction
}

std::vector<int64_t> neighbours_of(const Config& config, const LayerWeights& weights, int64_t layer,
                                   int64_t expert, int64_t n) {
    const auto rows = router_rows(weights);
    const auto [offset, size] = pool_of(config, layer, expert);
    n = std::min(n, size);
    if (n <= 1 || !rows.defined()) return {expert};
    auto near = at::matmul(rows.narrow(0, offset, size), rows.select(0, expert));
    near.select(0, expert - offset).fill_(2.0);  // itself first, whatever rounding says
    const auto order = kernels::reference::top_k(near.unsqueeze(0), n).squeeze(0).contiguous();
    std::vector<int64_t> out;
    for (int64_t i = 0; i < n; ++i) out.push_back(offset + order.const_data_ptr<int64_t>()[i]);
    return out;
}

Status check_tokens(const Plan& plan, int64_t length) {
    std::vector<std::optional<std::pair<int64_t, int64_t>>> ranges = {plan.changes.halt_tokens};
    for (const auto& a : plan.actions) ranges.push_back(a.scope.tokens);
    for (const auto& range : ranges)
        if (range && range->first >= length)
            return usage_error("\"tokens\": found [" + std::to_string(range->first) + ", " +
                               std::to_string(range->second) + "], the prompt has the tokens 0 … " +
                               std::to_string(length - 1));
    return {};
}

std::string no_control(const Plan& plan, const Config& config) {
    for (const InterventionKind* kind : intervention_kinds())
        if (auto why = kind->no_control(plan, config); !why.empty()) return why;
    return "";
}

Model edited_model(const Model& model, const Plan& plan) {
    Model out = model;
    for (const LayerAction& edit : plan.edits) kind_of(edit).edit(edit, model.weights, out.weights);
    return out;
}

}  // namespace hopscope::core
