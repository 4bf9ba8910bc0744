#include "app/panels/curves/legend.h"

#include <algorithm>
#include <cmath>

#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kFaded = 0.16f;
constexpr float kSwatch = 22;  ///< width of the piece of line, unscaled pixels

std::string value_text(const LegendEntry& entry) {
    return std::isfinite(entry.last) ? significant(entry.last, 4) : std::string();
}

/// A piece of the line with its marker.
void swatch(const AppState& state, ImVec2 at, float height, size_t index, bool hidden) {
    const float s = state.pixel_scale, y = std::floor(at.y + height * 0.5f);
    const ImU32 color = packed(faded(line_color(state, index), hidden ? 0.35f : 1.0f));
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddLine(ImVec2(at.x, y), ImVec2(at.x + kSwatch * s, y), color, 1.8f * s);
    draw_line_marker(list, ImVec2(at.x + kSwatch * 0.5f * s, y), 4 * s, index, color);
}

}  // namespace

float CurvesLegend::width_for(const AppState& state,
                              const std::vector<LegendEntry>& entries) const {
    float names = 0, values = 0;
    for (const LegendEntry& entry : entries) {
        names = std::max(names, ImGui::CalcTextSize(entry.name.c_str()).x);
        values = std::max(values, text_width(state.fonts.mono, kMonoSize, value_text(entry)));
    }
    return names + values + (kSwatch + 34) * state.pixel_scale;
}

float CurvesLegend::strength(size_t index) const {
    return hovered_ < 0 || pointed_at(index) ? 1.0f : kFaded;
}

bool CurvesLegend::draw(AppState& state, const std::vector<LegendEntry>& entries, ImVec2 size) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    bool changed = false;
    int hovered = -1;
    if (ImGui::BeginChild("lines", size)) {
        const float height = ImGui::GetTextLineHeight() + 4 * s;
        ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
        for (const LegendEntry& entry : entries) {
            const bool hidden = hides(entry.name);
            const ImVec2 at = ImGui::GetCursorScreenPos();
            const float width = ImGui::GetContentRegionAvail().x;
            ImGui::PushID(static_cast<int>(entry.index));
            if (ImGui::Selectable(("##" + entry.name).c_str(), false, 0, ImVec2(0, height))) {
                if (hidden)
                    hidden_.erase(entry.name);
                else
                    hidden_.insert(entry.name);
                changed = true;
                state.keep_drawing();
            }
            if (ImGui::IsItemHovered()) hovered = static_cast<int>(entry.index);
            tooltip(entry.name + (hidden ? ": hidden; click shows it" : ": click hides it"));
            ImGui::PopID();
            swatch(state, ImVec2(at.x + 4 * s, at.y), height, entry.index, hidden);
            ImDrawList* list = ImGui::GetWindowDrawList();
            const float y = at.y + 2 * s;
            const std::string value = hidden ? "hidden" : value_text(entry);
            ImFont* face = hidden ? state.fonts.text : state.fonts.mono;
            const float face_size = hidden ? kSmallSize : kMonoSize;
            const float right = at.x + width - 4 * s - text_width(face, face_size, value);
            ImGui::PushFont(face, face_size);
            list->AddText(ImVec2(right, y), packed(hidden ? theme.dim : theme.text), value.c_str());
            ImGui::PopFont();
            list->PushClipRect(at, ImVec2(right - 6 * s, at.y + height), true);
            list->AddText(ImVec2(at.x + (kSwatch + 12) * s, y),
                          packed(hidden ? theme.dim : theme.text), entry.name.c_str());
            list->PopClipRect();
        }
        ImGui::PopStyleVar();
    }
    ImGui::EndChild();
    if (hovered != hovered_) state.keep_drawing();
    hovered_ = hovered;
    return changed;
}

}  // namespace hopscope::app
