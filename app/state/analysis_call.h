// Starting an analysis of the open run from the window: whether that can be, and the task that does
// it on the newest checkpoint beside the training. Window thread only.
#pragma once

#include <cstdint>
#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// Why no analysis can be started, a sentence; "" where one can.
std::string no_analysis(const AppState& state, bool has_checkpoint);
/// Queues it behind the tasks that wait; `against`: folder of the second run, where it compares
/// two, else "". → id of the task.
uint64_t start_analysis(AppState& state, const std::string& name, const std::string& against);

}  // namespace hopscope::app
