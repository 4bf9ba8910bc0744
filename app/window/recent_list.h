// The runs opened last, as rows: each opens its run, says how it stands, and can be taken off the
// list; one whose folder has gone is grey, with the reason. On the start screen, in the dialog that
// opens a run, and, shorter, in the menu. Window thread only, inside an ImGui window.
#pragma once

#include <string>

#include "app/state/app_state.h"
#include "app/state/recent_runs.h"
#include "app/window/run_door.h"

namespace hopscope::app {

/// "deep_3x4, paused at step 1,200 of 3,000"
std::string in_words(const RecentRun& run);
/// When it was opened: "10:31" today, "28 Nov 10:31" this year, "2025-11-28" before.
std::string when_opened(const RecentRun& run, double unix_now);

/// Rows over the width at the cursor, `most` of them in view; true when one is to be opened.
bool draw_recent_rows(AppState& state, RecentRuns& recent, RunDoor& door, int most);
/// Entries of a menu.
void draw_recent_menu(AppState& state, RecentRuns& recent, RunDoor& door);

}  // namespace hopscope::app
