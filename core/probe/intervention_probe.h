// Carries out the actions of a plan at the named points of one forward pass. Lives for one pass, on
// the thread that runs it; nothing of it is left in the model afterwards.
#pragma once

#include "core/probe/intervention_kind.h"
#include "core/probe/plan.h"

namespace hopscope::core {

class InterventionProbe : public Probe {
  public:
    /// @param positions of the pass's rows; scopes count within a sequence
    InterventionProbe(const Model& model, const Plan& plan, Positions positions)
        : model_(model), plan_(plan), positions_(positions) {}

    void before_route(int64_t layer, int64_t hop, RouteInput& input) override;
    void after_route(int64_t layer, int64_t hop, Chosen& chosen) override;
    void after_experts(int64_t layer, int64_t hop, const ExpertCall& call, at::Tensor& dh) override;
    void hop_update(int64_t layer, int64_t hop, const at::Tensor& rows, at::Tensor& dh) override;

  private:
    HopPass at(int64_t layer, int64_t hop) const {
        return {model_, plan_, positions_, layer, hop, first_};
    }
    /// Each action at a hop of its scope, in the plan's order.
    template <class Act>
    void each(int64_t layer, int64_t hop, Act act) const;

    const Model& model_;
    const Plan& plan_;
    Positions positions_;
    FirstChoice first_;  ///< of the present layer
};

}  // namespace hopscope::core
