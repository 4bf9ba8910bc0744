// What stands in a panel while a task of its own waits, runs or has failed. Window thread only.
#pragma once

#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// "about 40 s left", rounded so that it can be read while it falls; "" where it cannot be told.
std::string left_in_words(double seconds);
/// What the task is at, in percent where it knows, and the time left: "batch 3 of 20, 15 %, about
/// 40 s left". "" of one that ended.
std::string in_words(const TaskView& task);
/// The same over its progress; the reason of one that failed; nothing of one that ended otherwise.
void draw_task_state(AppState& state, const TaskView& task);

}  // namespace hopscope::app
