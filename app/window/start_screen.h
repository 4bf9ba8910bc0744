// What the window shows while no run is open. Window thread only, inside an ImGui window.
#pragma once

#include "app/state/actions.h"
#include "app/window/run_chooser.h"

namespace hopscope::app {

/// `first_look`: the action of the large button. `door`: what it is doing, and why no run could be
/// opened.
void draw_start_screen(AppState& state, RunChooser& chooser, const ActionItem& first_look,
                       const RunDoor& door);

}  // namespace hopscope::app
