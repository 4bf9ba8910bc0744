// The window's own actions: one entry each in the list of actions.cpp, where a new one is added.
// Window thread only.
#pragma once

#include <string>
#include <vector>

#include "app/state/actions.h"
#include "app/state/recent_runs.h"
#include "app/window/arrangement_list.h"
#include "app/window/key_help.h"
#include "app/window/palette.h"
#include "app/window/run_chooser.h"
#include "app/window/run_door.h"
#include "app/window/session_keeper.h"
#include "app/window/tour.h"
#include "app/window/workspace.h"

namespace hopscope::app {

/// What they act on.
struct Desk {
    AppState& state;
    RunDoor& door;
    RunChooser& chooser;
    Workspace& workspace;
    SessionKeeper& keeper;
    Palette& palette;
    KeyHelp& key_help;
    Tour& tour;
    RecentRuns& recent;
    ArrangementList& arrangements;
    const std::string& first_look;  ///< path of the sample configuration, "" if it is not there
    const std::string& order;       ///< of that of the race of shapes, likewise
    const std::string& example;     ///< folder of the trained example, likewise
};

/// The list of actions.cpp, a layout's action for each layout and a panel's for each panel. What
/// the desk names must outlive them.
std::vector<ActionItem> window_actions(const Desk& desk);

/// Name of the action that chooses a layout: "layout.train".
std::string layout_action(Layout layout);

}  // namespace hopscope::app
