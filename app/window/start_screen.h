// What the window shows while no run is open. Window thread only, inside an ImGui window.
#pragma once

#include "app/state/actions.h"
#include "app/window/run_chooser.h"
#include "app/window/session_keeper.h"

namespace hopscope::app {

/// `first_look`: the action of the large button. `door`: what it is doing, and why no run could be
/// opened. `keeper`: where the last sitting stood, if it did not end by closing.
void draw_start_screen(AppState& state, RunChooser& chooser, const ActionItem& first_look,
                       const RunDoor& door, SessionKeeper& keeper);

}  // namespace hopscope::app
