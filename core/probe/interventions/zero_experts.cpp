// zero_experts: the updates of whole layers and hops set to 0.
#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>
#include <map>

#include "core/probe/intervention_kind.h"
#include "core/probe/random_control.h"

namespace hopscope::core {
namespace {

/// A hop of a layer, and the token scopes under which it is zeroed.
using ZeroedHops = std::map<std::pair<int64_t, int64_t>, std::vector<Scope>>;

ZeroedHops zeroed_hops(const Plan& plan, const Config& config) {
    ZeroedHops out;
    for (const auto& a : plan.actions) {
        if (a.kind != CommandKind::zero_experts) continue;
        for (int64_t h = 0; h < config.moe.hops_of(a.layer); ++h)
            if (a.scope.at_hop(h)) out[{a.layer, h}].push_back(a.scope);
    }
    return out;
}

class ZeroExperts : public InterventionKind {
  public:
    Status add(PlanReader& reader) const override { return reader.add_to_layers(); }

    void update(const LayerAction& action, const HopPass& at, const at::Tensor& rows,
                at::Tensor& dh) const override {
        dh = blend(at.mask(action.scope, rows, dh.size(0)), at::zeros_like(dh), dh);
    }

    std::string no_control(const Plan& plan, const Config& config) const override {
        int64_t all = 0;
        for (int64_t l = 0; l < config.model.n_layers; ++l) all += config.moe.hops_of(l);
        const auto n = static_cast<int64_t>(zeroed_hops(plan, config).size());
        if (n <= all - n) return "";
        return "zeroed are " + std::to_string(n) + " of " + std::to_string(all) +
               " (layer, hop) pairs: as many others do not exist";
    }

    /// Zeroed (layer, hop) pairs become as many others, each for the tokens of the one it stands
    /// for; where all are zeroed nothing is left to draw.
    void redraw_plan(Plan& plan, const ControlDraw& draw) const override {
        const auto zeroed = zeroed_hops(plan, draw.model.config);
        std::vector<std::pair<int64_t, int64_t>> others;
        for (int64_t l = 0; l < draw.model.config.model.n_layers; ++l)
            for (int64_t h = 0; h < draw.model.config.moe.hops_of(l); ++h)
                if (!zeroed.count({l, h})) others.push_back({l, h});
        if (zeroed.empty() || others.size() < zeroed.size()) return;
        std::erase_if(plan.actions,
                      [](const LayerAction& a) { return a.kind == CommandKind::zero_experts; });
        size_t i = 0;
        for (const auto& [pair, scopes] : zeroed) {
            std::swap(others[i], others[i + draw.random.below(others.size() - i)]);
            for (const Scope& scope : scopes) {
                LayerAction action;
                action.kind = CommandKind::zero_experts;
                action.layer = others[i].first;
                action.scope = scope;
                action.scope.hops = {others[i].second};
                plan.actions.push_back(action);
            }
            ++i;
        }
    }
};

}  // namespace

const InterventionKind& zero_experts_intervention() {
    static const ZeroExperts kind;
    return kind;
}

}  // namespace hopscope::core
