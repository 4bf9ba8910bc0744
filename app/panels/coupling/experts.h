// The section of the panel Coupling that shows every expert as a point. Window thread only, inside
// an ImGui window.
#pragma once

#include "app/panels/coupling/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// A press selects the expert and its layer in all panels.
void draw_coupled_experts(AppState& state, const CouplingSides& sides);

}  // namespace hopscope::app
