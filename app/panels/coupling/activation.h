// The section of the panel Coupling that asks whether scores foretell activations. Window thread
// only, inside an ImGui window.
#pragma once

#include "app/panels/coupling/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

void draw_activation(const AppState& state, const CouplingSides& sides);

}  // namespace hopscope::app
