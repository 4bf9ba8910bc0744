#include "app/panels/experts/sparkline.h"

#include <algorithm>
#include <cmath>

#include "app/widgets/format.h"

namespace hopscope::app {

void draw_sparkline(AppState& state, const char* id, const LoadCurve& curve, float height,
                    ImU32 color) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, label = kSmallSize * s;
    const float width = ImGui::GetContentRegionAvail().x;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::InvisibleButton(id, ImVec2(std::max(width, 1.0f), height + label + 2 * s));
    if (width < 40 * s) return;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const double first = curve.steps.front(), last = curve.steps.back();
    const double top =
        1.12 * std::max(1.0, *std::max_element(curve.loads.begin(), curve.loads.end()));
    const float right = at.x + width - 16 * s;
    const auto x_of = [&](double step) {
        return last > first
                   ? at.x + static_cast<float>((step - first) / (last - first)) * (right - at.x)
                   : right;
    };
    const auto y_of = [&](double load) {
        return at.y + height * (1 - static_cast<float>(load / top));
    };
    const ImU32 dim = packed(theme.dim), grid = packed(theme.border);
    list->AddLine(ImVec2(at.x, y_of(0)), ImVec2(right, y_of(0)), grid, s);
    for (float x = at.x; x < right; x += 7 * s)
        list->AddLine(ImVec2(x, y_of(1)), ImVec2(std::min(x + 4 * s, right), y_of(1)), dim, s);
    std::vector<ImVec2> line;
    for (size_t i = 0; i < curve.steps.size(); ++i)
        line.emplace_back(x_of(curve.steps[i]), y_of(curve.loads[i]));
    list->AddPolyline(line.data(), static_cast<int>(line.size()), color, 0, 1.8f * s);
    list->AddCircleFilled(line.back(), 3 * s, color);
    const auto text = [&](float x, float y, const std::string& words, ImU32 ink) {
        list->AddText(state.fonts.text, label, ImVec2(x, y), ink, words.c_str());
    };
    text(right + 5 * s, y_of(1) - label / 2, "1", dim);
    text(right + 5 * s, y_of(0) - label, "0", dim);
    const std::string begin = "step " + with_thousands(static_cast<int64_t>(first));
    const std::string end = with_thousands(static_cast<int64_t>(last));
    text(at.x, at.y + height + s, begin, dim);
    if (last > first)
        text(right - state.fonts.text->CalcTextSizeA(label, 1e9f, 0, end.c_str()).x,
             at.y + height + s, end, dim);
    if (!ImGui::IsItemHovered()) return;
    const float mouse = ImGui::GetIO().MousePos.x;
    const auto near = std::min_element(line.begin(), line.end(), [&](ImVec2 a, ImVec2 b) {
        return std::fabs(a.x - mouse) < std::fabs(b.x - mouse);
    });
    const auto i = static_cast<size_t>(near - line.begin());
    list->AddLine(ImVec2(near->x, at.y), ImVec2(near->x, at.y + height), dim, s);
    list->AddCircleFilled(*near, 3 * s, packed(theme.text));
    state.pointing_at = curve.steps[i];
    if (!ImGui::BeginTooltip()) return;
    ImGui::Text("%s \xC3\x97 uniform at step %s", rounded(curve.loads[i], 2).c_str(),
                with_thousands(static_cast<int64_t>(curve.steps[i])).c_str());
    ImGui::EndTooltip();
}

}  // namespace hopscope::app
