// The commands that a run's log holds and its checkpoint does not: each is applied again before the
// update that it acted on first, so that a resumed run takes the course it took. Part of a live
// run (live_run.h), so used by the trainer thread alone.
#pragma once

#include <deque>
#include <vector>

#include "core/base/result.h"
#include "core/run/event_log.h"
#include "core/train/engine.h"

namespace hopscope::core {

/// Whether a logged command is part of the run's state: what EngineState::commands counts and a
/// resumed run applies again. A fork is not: it changes its copy alone.
bool changes_training(const Command& command);

class ReplayQueue {
  public:
    /// What of `log` the state has not applied yet.
    ReplayQueue(const std::vector<LoggedCommand>& log, const EngineState& state);
    /// Applies, in the order they were given, those whose first update is the next one. The error
    /// is that of the first refused.
    Status apply_due(Engine& engine);

  private:
    std::deque<LoggedCommand> waiting_;
};

}  // namespace hopscope::core
