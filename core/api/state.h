// The run's state machine as one constant table: state × action → allowed, or the reason why not. It feeds buttons,
// palette and command line alike. Plain C++, any thread.
#pragma once

#include <cstdint>

namespace hopscope::core {

enum class RunState : uint8_t { idle, preparing, running, paused, stopping, stopped, done, failed };
enum class Action : uint8_t { start, pause, resume, step, stop, checkpoint, evaluate, change, trace };

/// Word shown to people and written to run.json ("running", "paused", …).
const char* name_of(RunState state);

/// nullptr if `action` is allowed in `state`; otherwise the sentence that says why not.
const char* refusal(RunState state, Action action);

}  // namespace hopscope::core
