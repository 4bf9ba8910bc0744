// The panel of the model for one that was trained elsewhere: where its routers are among the hidden
// layers, what each has, and by which rule they choose. Window thread only.
#pragma once

#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// Inside an ImGui window, where an imported model is shown.
void draw_imported_model(AppState& state);
/// A line a router; "" before the model was read.
std::string imported_csv(const AppState& state);

}  // namespace hopscope::app
