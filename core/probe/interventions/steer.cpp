// steer: pos ← L2norm(pos + Σ λ c) [def:steer]; for the linear router λ on the logit.
#include <ATen/TensorOperators.h>

#include "core/probe/intervention_kind.h"

namespace hopscope::core {
namespace {

class Steer : public InterventionKind {
  public:
    Status add(PlanReader& reader) const override {
        return reader.add_to_experts(no_scores(reader.model.config), [&](LayerAction& action) {
            action.value = reader.command.number("lambda", 0);
            return Status();
        });
    }

    void before_route(const LayerAction& action, const HopPass& at,
                      RouteInput& input) const override {
        if (!at.model.config.moe.has_positions())
            return add_to_scores(action, at, action.value, input);
        const auto experts = in_pool(action, input.pool_offset, input.pool_size);
        if (experts.empty()) return;
        const auto rows = router_rows(at.layer_weights());
        const auto where = at.mask(action.scope, input.rows, input.active);
        auto delta = rows.narrow(0, input.pool_offset, input.pool_size)
                         .index_select(0, index_of(experts, rows))
                         .sum(0) *
                     action.value;
        if (where.defined())
            delta = delta.unsqueeze(0) * where.unsqueeze(-1).to(delta.scalar_type());
        input.pos_delta = input.pos_delta ? *input.pos_delta + delta : delta;
    }
};

}  // namespace

const InterventionKind& steer_intervention() {
    static const Steer kind;
    return kind;
}

}  // namespace hopscope::core
