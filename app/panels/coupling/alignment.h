// The section of the panel Coupling that asks where router rows point. Window thread only, inside
// an ImGui window.
#pragma once

#include "app/panels/coupling/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// A press on a layer of its plot selects that layer. → the layer; −1: none was pressed.
int64_t draw_alignment(const AppState& state, const CouplingSides& sides);

}  // namespace hopscope::app
