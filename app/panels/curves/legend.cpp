#include "app/panels/curves/legend.h"

#include <algorithm>
#include <cmath>

#include "app/widgets/format.h"
#include "app/widgets/line_style.h"
#include "app/widgets/number.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr float kFaded = 0.16f, kRawAlpha = 0.22f;
constexpr float kSwatch = 18;    ///< width of the piece of line, unscaled pixels
constexpr float kLongest = 150;  ///< a wider name is cut in its middle, unscaled pixels

std::string value_text(const LegendEntry& entry) {
    return std::isfinite(entry.last) ? significant(entry.last, 4) : std::string();
}

std::string help_of(const LegendEntry& entry, bool hidden) {
    const std::string what = entry.words.empty() ? "" : ", " + entry.words;
    return entry.name + what + (hidden ? ": hidden; click shows it" : ": click hides it");
}

Number last_value(const AppState& state, const LegendEntry& entry) {
    return {.label = entry.name + ", last value",
            .value = entry.last,
            .shown = value_text(entry),
            .definition = entry.words.empty() ? "The newest value of the line" : entry.words,
            .command = panel_command(state, "curves", -1)};
}

/// A piece of the line with its marker, if it has one.
void swatch(const AppState& state, ImVec2 at, float height, const LegendEntry& entry, bool hidden) {
    const float s = state.pixel_scale, y = std::floor(at.y + height * 0.5f);
    const bool raw = entry.role == Role::raw;
    ImVec4 own = curve_color(state, entry.role, entry.index, /*alone=*/true);
    if (raw && !std::isfinite(entry.last)) own = faded(own, 0.5f);  // behind a mean, as it is drawn
    const ImU32 color = packed(faded(own, hidden ? 0.35f : 1.0f));
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddLine(ImVec2(at.x, y), ImVec2(at.x + kSwatch * s, y), color, (raw ? 1.0f : 1.8f) * s);
    if (raw || entry.role == Role::smooth) return;
    const ImVec2 c(at.x + kSwatch * 0.5f * s, y);
    const float r = 4 * s;
    if (entry.role == Role::points)
        list->AddCircleFilled(c, r * 0.9f, color);
    else
        draw_line_marker(list, c, r, entry.index, color);
}

}  // namespace

ImVec4 curve_color(const AppState& state, Role role, size_t index, bool alone) {
    const Theme& theme = state.theme();
    switch (role) {
        case Role::raw:
            return alone ? theme.accent : faded(theme.accent, kRawAlpha);
        case Role::smooth:
            return theme.accent;
        case Role::points:
            return theme.dark ? ImVec4(0.902f, 0.624f, 0.0f, 1) : ImVec4(0.835f, 0.369f, 0.0f, 1);
        case Role::layer:
        case Role::lane:
        case Role::lane_points:
            break;
    }
    return line_color(state, index);
}

void CurvesLegend::toggle(AppState& state, const std::string& name) {
    if (hidden_.erase(name) == 0) hidden_.insert(name);
    state.keep_drawing();
}

float CurvesLegend::width_for(const AppState& state,
                              const std::vector<LegendEntry>& entries) const {
    float names = 0, values = 0;
    for (const LegendEntry& entry : entries) {
        names = std::max(names, ImGui::CalcTextSize(entry.name.c_str()).x);
        values = std::max(values, text_width(state.fonts.mono, kMonoSize, value_text(entry)));
    }
    const float s = state.pixel_scale;
    return std::min(names, kLongest * s) + values + (kSwatch + 34) * s;
}

float CurvesLegend::strength(size_t index) const {
    return hovered_ < 0 || pointed_at(index) ? 1.0f : kFaded;
}

bool CurvesLegend::draw_row(AppState& state, const std::vector<LegendEntry>& entries) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale, height = ImGui::GetTextLineHeight() + 4 * s;
    const float left = ImGui::GetCursorScreenPos().x;
    const float right = left + ImGui::GetContentRegionAvail().x;
    bool changed = false, first = true;
    hovered_ = -1;
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(10 * s, 0));
    for (const LegendEntry& entry : entries) {
        const bool hidden = hides(entry.name);
        const std::string name = fitted(entry.name, kLongest * s);
        const std::string value = hidden ? std::string() : value_text(entry);
        const std::string words =
            hidden || entry.words.empty() ? std::string() : "(" + entry.words + ")";
        const float to_name = (kSwatch + 6) * s;
        const float to_value = to_name + ImGui::CalcTextSize(name.c_str()).x + 6 * s;
        const float to_words =
            to_value + text_width(state.fonts.mono, kMonoSize, value) + (value.empty() ? 0 : 6 * s);
        const float words_width = ImGui::CalcTextSize(words.c_str()).x;
        // Words that no line has room for stand in the tooltip alone.
        const bool worded = left + to_words + words_width <= right;
        const float width = to_words + (worded ? words_width : 0);
        if (!first) {
            ImGui::SameLine();
            if (ImGui::GetCursorScreenPos().x + width > right) ImGui::NewLine();
        }
        first = false;
        const ImVec2 at = ImGui::GetCursorScreenPos();
        by_name(state, ("line " + entry.name).c_str(), (hidden ? "show " : "hide ") + entry.name);
        if (ImGui::InvisibleButton(("line " + entry.name).c_str(), ImVec2(width, height))) {
            toggle(state, entry.name);
            changed = true;
        }
        const bool lit = ImGui::IsItemHovered();
        tooltip(help_of(entry, hidden));
        explain_when_clicked(state, [&] { return last_value(state, entry); });
        swatch(state, at, height, entry, hidden);
        ImDrawList* list = ImGui::GetWindowDrawList();
        const float y = at.y + 2 * s;
        const ImU32 dim = packed(lit ? theme.text : theme.dim);
        list->AddText(ImVec2(at.x + to_name, y), dim, name.c_str());
        if (hidden) {
            const float middle = std::floor(y + ImGui::GetTextLineHeight() * 0.55f);
            list->AddLine(ImVec2(at.x + to_name, middle), ImVec2(at.x + to_value - 6 * s, middle),
                          dim, 1.0f * s);
        }
        ImGui::PushFont(state.fonts.mono, kMonoSize);
        list->AddText(ImVec2(at.x + to_value, y), packed(theme.text), value.c_str());
        ImGui::PopFont();
        if (worded) list->AddText(ImVec2(at.x + to_words, y), dim, words.c_str());
    }
    ImGui::PopStyleVar();
    return changed;
}

bool CurvesLegend::draw_list(AppState& state, const std::vector<LegendEntry>& entries,
                             ImVec2 size) {
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
            by_name(state, ("##" + entry.name).c_str(), (hidden ? "show " : "hide ") + entry.name);
            if (ImGui::Selectable(("##" + entry.name).c_str(), false, 0, ImVec2(0, height))) {
                toggle(state, entry.name);
                changed = true;
            }
            if (ImGui::IsItemHovered()) hovered = static_cast<int>(entry.index);
            tooltip(help_of(entry, hidden));
            explain_when_clicked(state, [&] { return last_value(state, entry); });
            ImGui::PopID();
            swatch(state, ImVec2(at.x + 4 * s, at.y), height, entry, hidden);
            ImDrawList* list = ImGui::GetWindowDrawList();
            const float y = at.y + 2 * s;
            const std::string value = hidden ? "hidden" : value_text(entry);
            ImFont* face = hidden ? state.fonts.text : state.fonts.mono;
            const float face_size = hidden ? kSmallSize : kMonoSize;
            const float right = at.x + width - 4 * s - text_width(face, face_size, value);
            ImGui::PushFont(face, face_size);
            list->AddText(ImVec2(right, y), packed(hidden ? theme.dim : theme.text), value.c_str());
            ImGui::PopFont();
            const float left = at.x + (kSwatch + 12) * s;
            list->AddText(ImVec2(left, y), packed(hidden ? theme.dim : theme.text),
                          fitted(entry.name, right - 6 * s - left).c_str());
        }
        ImGui::PopStyleVar();
    }
    ImGui::EndChild();
    if (hovered != hovered_) state.keep_drawing();
    hovered_ = hovered;
    return changed;
}

}  // namespace hopscope::app
