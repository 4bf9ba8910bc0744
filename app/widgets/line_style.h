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
/// That marker as ImPlot has it, of about `radius` pixels.
void draw_line_marker(ImDrawList* list, ImVec2 center, float radius, size_t index, ImU32 color);
/// The marker in its colour, in the middle of the line; the next item follows on it.
void line_glyph(const AppState& state, size_t index, bool faint = false);

}  // namespace hopscope::app
