// What commands change in a run as it trains: settings, freezes, interventions, moved centroids.
// The next update takes the state as they leave it. Made for one command by the engine, on the
// trainer thread.
#pragma once

#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/api/freeze_parts.h"
#include "core/base/result.h"
#include "core/probe/plan.h"
#include "core/train/engine_state.h"
#include "core/train/interventions.h"

namespace hopscope::core {

/// What acts on the model as it trains, in words (RunStatus::interventions).
std::vector<std::string> interventions_in_words(const EngineState& state);

class LiveChanges {
  public:
    /// @param plan of state.interventions, kept in step with them
    LiveChanges(EngineState& state, Plan& plan) : state_(state), plan_(plan) {}

    /// A live command (set, freeze, unfreeze, move_centroid, clear and the interventions); its
    /// "from_step" is not waited for. The error says why it is refused; then nothing changed.
    ///
    /// Interventions add up; one with the same target as an earlier one replaces it. Gradients flow
    /// through them as through the rest of the pass: a suppressed expert gets none, directions that
    /// steer are constants of the pass. The balance term is that of the router's own choice, after
    /// suppression and boosts and before force and freezes; load counts what was chosen in the end.
    /// Selection biases of experts that no token can reach wait, those of the others step towards
    /// the mean of the others. A moved centroid keeps its second moment, its first begins at 0.
    Status apply(const Command& command);

  private:
    Status set(const std::string& key, double value);
    Status freeze(const Command& command, bool on);
    Status freeze_routing(FreezePart part, const Command& command, bool on);
    Status intervene(const Command& command);
    Status clear(const Command& command);
    Status adopt(std::vector<Intervention> active);
    Status edit(const Command& command);
    Status carry_out(const Command& command);

    EngineState& state_;
    Plan& plan_;
};

}  // namespace hopscope::core
