// The question before the run is stopped, wherever that was asked for: a key, the menu, the
// palette, the button of the panel Run. Window thread only, drawn by the shell.
#pragma once

#include "app/state/app_state.h"

namespace hopscope::app {

/// Appears with AppState::stop_asked; only its answer sends the command.
void draw_stop_question(AppState& state);

}  // namespace hopscope::app
