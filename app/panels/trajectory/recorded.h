// The recorded texts of an imported model, in the place of the prompt: which trace, which of its
// texts, and what the trace does not hold. Window thread only, inside an ImGui window.
#pragma once

#include "app/state/app_state.h"

namespace hopscope::app {

/// Where an imported model is shown.
void draw_recorded(AppState& state);
/// In place of the tokens, where there is no recorded text.
void draw_nothing_recorded(AppState& state);

}  // namespace hopscope::app
