#include "app/widgets/line_style.h"

#include <cmath>
#include <imgui_internal.h>
#include <implot.h>
#include <initializer_list>
#include <iterator>
#include <vector>

#include "viz/colour.h"

namespace hopscope::app {

ImVec4 line_color(const AppState& state, size_t index) {
    const viz::Rgb c = viz::series_color(index, state.theme().dark);
    return ImVec4(c.r, c.g, c.b, 1);
}

int line_marker(size_t index) {
    // Seven shapes and twelve colours repeat together only after 84 lines.
    constexpr int kShapes[] = {ImPlotMarker_Circle, ImPlotMarker_Square, ImPlotMarker_Diamond,
                               ImPlotMarker_Up,     ImPlotMarker_Down,   ImPlotMarker_Left,
                               ImPlotMarker_Right};
    return kShapes[index % std::size(kShapes)];
}

void draw_line_marker(ImDrawList* list, ImVec2 center, float radius, size_t index, ImU32 color) {
    const auto shape = [&](std::initializer_list<ImVec2> corners) {
        std::vector<ImVec2> points;
        for (const ImVec2& p : corners)
            points.push_back(ImVec2(center.x + p.x * radius, center.y + p.y * radius));
        list->AddConvexPolyFilled(points.data(), static_cast<int>(points.size()), color);
    };
    switch (line_marker(index)) {
        case ImPlotMarker_Square:
            return shape({{-0.8f, -0.8f}, {0.8f, -0.8f}, {0.8f, 0.8f}, {-0.8f, 0.8f}});
        case ImPlotMarker_Diamond:
            return shape({{0, -1.1f}, {1.1f, 0}, {0, 1.1f}, {-1.1f, 0}});
        case ImPlotMarker_Up:
            return shape({{0, -1}, {1, 0.8f}, {-1, 0.8f}});
        case ImPlotMarker_Down:
            return shape({{-1, -0.8f}, {1, -0.8f}, {0, 1}});
        case ImPlotMarker_Left:
            return shape({{-1, 0}, {0.8f, -1}, {0.8f, 1}});
        case ImPlotMarker_Right:
            return shape({{1, 0}, {-0.8f, 1}, {-0.8f, -1}});
        default:
            list->AddCircleFilled(center, radius * 0.9f, color);
    }
}

void line_glyph(const AppState& state, size_t index, bool faint) {
    const float s = state.pixel_scale, line = ImGui::GetTextLineHeight();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float offset = ImGui::GetCurrentWindow()->DC.CurrLineTextBaseOffset;
    draw_line_marker(ImGui::GetWindowDrawList(),
                     ImVec2(at.x + 5 * s, std::floor(at.y + offset + line * 0.5f)), 4.5f * s, index,
                     packed(faded(line_color(state, index), faint ? 0.45f : 1.0f)));
    ImGui::Dummy(ImVec2(10 * s, line));
    ImGui::SameLine(0, 6 * s);
}

}  // namespace hopscope::app
