// knock_out: the update of experts 0 while the other weights stay; "top" is the first-ranked one of
// each token.
#include "core/probe/interventions/knock_out.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>

#include "core/probe/intervention_kind.h"
#include "core/probe/random_control.h"

namespace hopscope::core {
namespace {

/// Without experts: which of the k chosen goes.
int64_t rank_of(const LayerAction& action) {
    const auto* rank = std::any_cast<int64_t>(&action.own);
    return rank ? *rank : 0;
}

class KnockOut : public InterventionKind {
  public:
    Status add(PlanReader& reader) const override { return reader.add_to_experts(""); }

    void weigh(const LayerAction& action, const HopPass& at, Chosen& c) const override {
        const auto where = at.mask(action.scope, c.rows, c.route.idx.size(0));
        auto hit = at::zeros_like(c.route.idx).to(at::kBool);
        if (action.experts.empty())
            hit.select(1, std::min(rank_of(action), hit.size(1) - 1)).fill_(true);
        else
            for (const int64_t e : in_pool(action, c.pool_offset, c.pool_size))
                hit = hit.logical_or(c.route.idx == e);
        if (where.defined()) hit = hit.logical_and(where.unsqueeze(-1));
        c.used = c.used.masked_fill(hit, 0.0);
    }

    std::string no_control(const Plan& plan, const Config& config) const override {
        const bool top = std::any_of(plan.actions.begin(), plan.actions.end(), [](const auto& a) {
            return a.kind == CommandKind::knock_out && a.experts.empty();
        });
        if (!top || config.moe.top_k > 1) return "";
        return "top_k = 1: beside the first-ranked expert there is none to knock out instead";
    }
    /// In place of the first-ranked another of the chosen.
    void redraw(LayerAction& action, const ControlDraw& draw) const override {
        const auto others = static_cast<uint64_t>(draw.model.config.moe.top_k - 1);
        if (action.experts.empty())
            action.own = 1 + static_cast<int64_t>(draw.random.below(others));
    }
};

}  // namespace

LayerAction knock_out_rank(int64_t layer, int64_t rank, std::vector<int64_t> hops) {
    LayerAction action;
    action.kind = CommandKind::knock_out;
    action.layer = layer;
    action.scope.hops = std::move(hops);
    action.own = rank;
    return action;
}

const InterventionKind& knock_out_intervention() {
    static const KnockOut kind;
    return kind;
}

}  // namespace hopscope::core
