// The section of the panel Coupling that asks whether a router row and the reading row of its
// expert are pushed the same way. Window thread only, inside an ImGui window.
#pragma once

#include "app/panels/coupling/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

void draw_gradients(const AppState& state, const CouplingSides& sides);

}  // namespace hopscope::app
