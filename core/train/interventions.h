// Interventions that act on the model while it trains: the plan of the
// inspector, in the training pass and in validation alike. Values; used by the trainer thread.
#pragma once

#include <vector>

#include "core/api/command.h"
#include "core/base/result.h"
#include "core/model/model.h"
#include "core/probe/plan.h"

namespace hopscope::core {

struct Intervention {
    Command command;            ///< as it was given
    std::vector<Command> acts;  ///< what it came to mean then: neighbours named, a line a layer
    bool operator==(const Intervention&) const = default;
};

/// Fixes what `command` means for the weights as they are: the neighbours of a suppressed expert
/// stay those of this moment while centroids move on. Errors (usage) as make_plan, and a token
/// scope behind the sequence.
Result<Intervention> resolve(const Model& model, const Command& command);

/// All of them together, as the next pass carries them out; what is drawn comes from train.seed.
/// Errors (usage) as make_plan: too many experts suppressed or forced in all.
Result<Plan> live_plan(const Model& model, const std::vector<Intervention>& active);

/// Whether the two differ at most in how much or where to: the newer then replaces the older, so
/// that a slider does not pile up.
bool same_target(const Command& a, const Command& b);

/// Experts of a layer that no token can choose at any hop: their selection biases wait.
std::vector<int64_t> unreachable_experts(const Plan& plan, int64_t layer);

}  // namespace hopscope::core
