// A row of a list of next tokens, as the trajectory and the intervene panel draw it. Window thread
// only, inside an ImGui window.
#pragma once

#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// Takes the space of the row, raises it under the mouse and writes the piece at its left, cut at
/// `label` pixels; the row is then the last item. Returns the piece as it is shown.
std::string token_row(const AppState& state, const std::string& piece, ImVec2 size, float label);

}  // namespace hopscope::app
