// boost: a strength added to the score of experts before the softmax.
#include "core/probe/intervention_kind.h"

namespace hopscope::core {
namespace {

class Boost : public InterventionKind {
  public:
    Status add(PlanReader& reader) const override {
        return reader.add_to_experts(no_scores(reader.model.config), [&](LayerAction& action) {
            action.value = reader.command.number("strength", 0);
            return Status();
        });
    }

    void before_route(const LayerAction& action, const HopPass& at,
                      RouteInput& input) const override {
        add_to_scores(action, at, action.value, input);
    }
};

}  // namespace

const InterventionKind& boost_intervention() {
    static const Boost kind;
    return kind;
}

}  // namespace hopscope::core
