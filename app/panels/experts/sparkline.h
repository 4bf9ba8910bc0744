// The load of an expert over the run as a small line with the uniform load dashed behind it and the
// newest value at its end. Window thread only, inside an ImGui window.
#pragma once

#include <imgui.h>

#include "app/state/app_state.h"

namespace hopscope::app {

/// Over the whole width; hovering tells step and load there, which all curves then mark. The curve
/// has a point or more.
void draw_sparkline(AppState& state, const char* id, const LoadCurve& curve, float height,
                    ImU32 color);

}  // namespace hopscope::app
