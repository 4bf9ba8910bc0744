// The amber bar that says what acts on the prompt; shown by every panel that works on it. Window
// thread only, inside an ImGui window.
#pragma once

#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// With "Clear all"; nothing when nothing acts. `extra`: what else holds there, in words. True if
/// cleared: all rows of the stack are then off.
bool draw_active_bar(AppState& state, const std::string& extra = {});

}  // namespace hopscope::app
