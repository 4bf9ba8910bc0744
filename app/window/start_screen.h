// What the window shows while no run is open. Window thread only, inside an ImGui window.
#pragma once

#include <span>

#include "app/state/actions.h"
#include "app/state/recent_runs.h"
#include "app/window/run_chooser.h"
#include "app/window/session_keeper.h"

namespace hopscope::app {

/// `actions`: those of the window, of which the large buttons are three. `door`: what it is doing,
/// and why no run could be opened. `keeper`: where the last sitting stood, if it did not end by
/// closing. `below`: pixels at the lower end that are left free.
void draw_start_screen(AppState& state, RunChooser& chooser, std::span<const ActionItem> actions,
                       RunDoor& door, SessionKeeper& keeper, RecentRuns& recent, float below);

}  // namespace hopscope::app
