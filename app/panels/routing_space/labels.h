// Text over the points of the routing space, so that it stays readable there. Window thread only,
// inside an ImGui window.
#pragma once

#include <imgui.h>
#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// A veil of the panel's colour under what is written next.
void draw_veil(const AppState& state, ImVec2 low, ImVec2 high);
void text_at(ImDrawList* list, ImFont* font, float size, ImVec2 at, ImU32 color,
             const std::string& text);
ImVec2 text_extent(ImFont* font, float size, const std::string& text);
/// Small text on a plate; `at`: the middle of its left edge.
void draw_label(const AppState& state, ImVec2 at, const std::string& text, ImU32 color);

}  // namespace hopscope::app
