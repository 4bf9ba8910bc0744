// How the rows of an imported model's routers become directions: a list among the controls of the
// routing space. Window thread only, inside an ImGui window.
#pragma once

#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// The list, where an imported model is shown; asks the session for what is chosen.
void draw_rows_choice(AppState& state);
/// The choice that is shown, as a session file has it; "" of a run.
std::string shown_rows(const AppState& state);
/// Asks for the choice of that name; nothing happens where there is none, or it cannot be had.
void ask_for_rows(AppState& state, const std::string& name);

}  // namespace hopscope::app
