// The slider of early halting: one threshold that the trajectory panel and the panel Halting share.
// It acts on the prompt, in the inspector's copy. Window thread only, inside an ImGui window.
#pragma once

#include "app/state/app_state.h"

namespace hopscope::app {

/// Over the width of the window, with the value beside it.
void draw_threshold(AppState& state);

}  // namespace hopscope::app
