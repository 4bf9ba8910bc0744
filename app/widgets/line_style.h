// How the lines of a plot are told apart: a colour and a marker by their place in the list. Pure
// functions of the theme, window thread.
#pragma once

#include <imgui.h>

#include "app/state/app_state.h"

namespace hopscope::app {

/// Colour of the i-th line of several.
ImVec4 line_color(const AppState& state, size_t index);
/// ImPlotMarker of the i-th line: another shape for each, so that no line is told by colour alone.
int line_marker(size_t index);

}  // namespace hopscope::app
