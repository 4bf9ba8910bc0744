// How the rows of an imported model's routers become directions: a list among the controls of the
// routing space. Window thread only, inside an ImGui window.
#pragma once

#include "app/state/app_state.h"

namespace hopscope::app {

/// The list, where an imported model is shown; asks the session for what is chosen.
void draw_rows_choice(AppState& state);
/// "gain folded in, mean removed": of what is shown, "" of a run.
std::string rows_in_words(const AppState& state);

}  // namespace hopscope::app
