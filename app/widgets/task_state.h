// What stands in a panel while a task of its own waits, runs or has failed. Window thread only.
#pragma once

#include "app/state/app_state.h"

namespace hopscope::app {

/// What the task is at, in percent where it knows, over its progress; the reason of one that
/// failed; nothing of one that ended otherwise.
void draw_task_state(AppState& state, const TaskView& task);

}  // namespace hopscope::app
