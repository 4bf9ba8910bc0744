// Carries out the actions of a plan at the named points of one forward pass. Lives for one pass, on
// the thread that runs it; nothing of it is left in the model afterwards.
#pragma once

#include <optional>
#include <vector>

#include "core/probe/plan.h"

namespace hopscope::core {

class InterventionProbe : public Probe {
  public:
    /// @param length tokens of each sequence of the pass; scopes count within a sequence
    InterventionProbe(const Config& config, const Weights& weights, const Plan& plan,
                      int64_t length)
        : config_(config), weights_(weights), plan_(plan), length_(length) {}

    void before_route(int64_t layer, int64_t hop, RouteInput& input) override;
    void after_route(int64_t layer, int64_t hop, Chosen& chosen) override;
    void after_experts(int64_t layer, int64_t hop, const ExpertCall& call, at::Tensor& dh) override;
    void hop_update(int64_t layer, int64_t hop, const at::Tensor& rows, at::Tensor& dh) override;

  private:
    void force(const LayerAction& action, const std::vector<int64_t>& forced, Chosen& chosen) const;
    void knock_out(const LayerAction& action, Chosen& chosen) const;
    void reuse(const LayerAction& action, Chosen& chosen) const;
    /// [A] which of the running tokens the scope names; undefined: all.
    at::Tensor mask(const Scope& scope, const at::Tensor& rows, int64_t active) const;

    const Config& config_;
    const Weights& weights_;
    const Plan& plan_;
    int64_t length_;
    kernels::RouteOut first_;                    ///< hop 0 of the present layer, all tokens
    int64_t first_offset_ = 0, first_size_ = 0;  ///< and its pool
};

}  // namespace hopscope::core
