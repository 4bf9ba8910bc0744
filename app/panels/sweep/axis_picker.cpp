#include "app/panels/sweep/axis_picker.h"

#include <algorithm>
#include <cctype>
#include <imgui.h>
#include <misc/cpp/imgui_stdlib.h>

#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

std::string lowered(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

/// Every word of the filter stands in its label or key.
bool is_wanted(const SweepAxis& axis, const std::string& filter) {
    const std::string text = lowered(axis.label + " " + axis.key);
    size_t begin = 0;
    while (begin < filter.size()) {
        const size_t end = std::min(filter.find(' ', begin), filter.size());
        if (text.find(filter.substr(begin, end - begin)) == std::string::npos) return false;
        begin = end + 1;
    }
    return true;
}

}  // namespace

bool AxisPicker::draw_part(const AppState& state, const char* title,
                           const std::vector<SweepAxis>& axes, AxisKind kind, bool differing,
                           std::string& key) const {
    const std::string filter = lowered(filter_);
    bool chosen = false, titled = false;
    for (const SweepAxis& axis : axes) {
        if (axis.kind != kind || (kind == AxisKind::setting && axis.differs != differing)) continue;
        if (!is_wanted(axis, filter)) continue;
        if (!titled) ImGui::TextColored(state.theme().dim, "%s", title);
        titled = true;
        if (ImGui::Selectable((axis.title() + "###" + axis.key).c_str(), axis.key == key)) {
            chosen = axis.key != key;
            key = axis.key;
        }
        std::string help = axis.help;
        if (axis.kind != AxisKind::setting)
            help += (help.empty() ? "" : "\n") + std::to_string(axis.runs) +
                    (axis.runs == 1 ? " run has it" : " runs have it");
        if (!help.empty()) tooltip(help);
    }
    return chosen;
}

bool AxisPicker::draw(const AppState& state, const char* id, const std::vector<SweepAxis>& axes,
                      bool settings, float width, std::string& key) {
    const float s = state.pixel_scale;
    const SweepAxis* present = axis_of(axes, key);
    const std::string shown = present ? present->label : words_of_number(key);
    ImGui::SetNextItemWidth(width);
    ImGui::SetNextWindowSizeConstraints(ImVec2(std::max(width, 260 * s), 0),
                                        ImVec2(520 * s, 420 * s));
    by_name(state, id, std::string(id + 2) + " axis\xE2\x80\xA6");
    if (!ImGui::BeginCombo(id, shown.c_str(), ImGuiComboFlags_HeightLargest)) return false;
    if (ImGui::IsWindowAppearing()) {
        filter_.clear();
        ImGui::SetKeyboardFocusHere();
    }
    ImGui::SetNextItemWidth(-1);
    ImGui::InputTextWithHint("##find", "Find", &filter_);
    bool chosen = false;
    if (settings)
        chosen |= draw_part(state, "settings that differ", axes, AxisKind::setting, true, key);
    chosen |= draw_part(state, "costs", axes, AxisKind::cost, false, key);
    chosen |= draw_part(state, "results", axes, AxisKind::result, false, key);
    if (settings)
        chosen |= draw_part(state, "settings that are the same in all runs", axes,
                            AxisKind::setting, false, key);
    ImGui::EndCombo();
    return chosen;
}

}  // namespace hopscope::app
