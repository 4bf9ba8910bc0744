// Text over the points of the routing space, so that it stays readable there. Window thread only,
// inside an ImGui window.
#pragma once

#include <imgui.h>
#include <string>
#include <vector>

#include "app/state/app_state.h"
#include "viz/point_renderer.h"

namespace hopscope::app {

/// A veil of the panel's colour under what is written next.
void draw_veil(const AppState& state, ImVec2 low, ImVec2 high);
void text_at(ImDrawList* list, ImFont* font, float size, ImVec2 at, ImU32 color,
             const std::string& text);
ImVec2 text_extent(ImFont* font, float size, const std::string& text);
/// Small text on a plate; `at`: the middle of its left edge.
void draw_label(const AppState& state, ImVec2 at, const std::string& text, ImU32 color);

/// The glyph of a point, as the point renderer draws it.
void draw_glyph(ImVec2 middle, float radius, ImU32 color, viz::Glyph glyph);

/// Something that is to lie about a point and not over others.
struct Box {
    ImVec2 middle, size;
};
/// Middles at which no box lies over one before it: each is moved as little as need be, the first
/// not at all. Where all is full it stays.
std::vector<ImVec2> kept_apart(const std::vector<Box>& boxes);

}  // namespace hopscope::app
