// The run's state machine as one constant table: state × action → allowed, or the reason why not.
// It feeds buttons, palette and command line alike. Plain C++, any thread.
#pragma once

#include <cstdint>

#include "core/api/kinds.h"

namespace hopscope::core {

enum class RunState : uint8_t {
    idle,
    preparing,
    running,
    paused,
    stopping,
    stopped,
    done,
    failed,
    imported  ///< a published model: router rows and recorded choices, nothing that trains
};
/// As shown to people and written to run.json.
constexpr auto words_of(RunState) {
    return words("idle", "preparing", "running", "paused", "stopping", "stopped", "done", "failed",
                 "imported");
}
enum class Action : uint8_t {
    start,
    pause,
    resume,
    step,
    stop,
    checkpoint,
    evaluate,
    change,
    trace
};

const char* name_of(RunState state);  ///< its word
const char* name_of(Action action);

/// nullptr if `action` is allowed in `state`; otherwise the sentence that says why not.
const char* refusal(RunState state, Action action);

/// Whether a run may go from `from` to `to`; staying is always allowed.
bool can_become(RunState from, RunState to);
/// done, stopped, failed, imported: no further update will be made.
bool is_final(RunState state);

inline constexpr RunState kRunStates[] = {
    RunState::idle,   RunState::preparing, RunState::running,
    RunState::paused, RunState::stopping,  RunState::stopped,
    RunState::done,   RunState::failed,    RunState::imported};
inline constexpr Action kActions[] = {Action::start,    Action::pause,  Action::resume,
                                      Action::step,     Action::stop,   Action::checkpoint,
                                      Action::evaluate, Action::change, Action::trace};

}  // namespace hopscope::core
