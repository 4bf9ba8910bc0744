// A slider for a number that may also be typed exactly. Window thread only, inside an ImGui window.
#pragma once

#include "app/state/app_state.h"

namespace hopscope::app {

/// The value stands beside it; Ctrl+click types an exact one, also beyond its ends. True when it
/// changed. `activated` becomes true when an edit begins.
bool exact_slider(const AppState& state, double& value, double low, double high, bool whole,
                  bool& activated);

}  // namespace hopscope::app
