// A session on a run that another process writes: the window sees its curves, geometry, state and
// newest checkpoint, and can trace prompts, but nothing is written and every command is refused.
// One thread reads the folder, one is the inspector's. Called on the window thread.
#pragma once

#include <functional>
#include <memory>

#include "core/api/session.h"
#include "core/follow/run_follower.h"
#include "core/session/trainer.h"

namespace hopscope::core {

/// The weights of the newest checkpoint of a run; called on the reading thread.
using LoadWeights = std::function<Result<std::shared_ptr<const WeightsCopy>>()>;

/// Starts the threads. `options.config` is the run's own. `inspector` may be null: questions are
/// then answered by an error.
std::unique_ptr<Session> make_follow_session(SessionOptions options, RunFollower follower,
                                             LoadWeights load_weights,
                                             std::unique_ptr<Inspector> inspector);

}  // namespace hopscope::core
