// Joins a trainer and an inspector to the session that the window knows (core/api/session.h): two
// threads, a queue of commands and what they publish. Called on the window thread.
#pragma once

#include <memory>

#include "core/api/session.h"
#include "core/session/trainer.h"

namespace hopscope::core {

/// Starts the threads. `inspector` may be null (no window): questions are then answered by an
/// error. Trainer and inspector are used and destroyed on their own threads only.
std::unique_ptr<Session> make_session(SessionOptions options, std::unique_ptr<Trainer> trainer,
                                      std::unique_ptr<Inspector> inspector);

}  // namespace hopscope::core
