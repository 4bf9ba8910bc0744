#include "app/widgets/exact_slider.h"

#include <algorithm>
#include <cmath>
#include <imgui_internal.h>

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {

bool exact_slider(const AppState& state, double& value, double low, double high, bool whole,
                  bool& activated) {
    const float s = state.pixel_scale;
    const float number = text_width(state.fonts.mono, kMonoSize, "-0.000");
    const std::string text = whole ? with_thousands(std::llround(value)) : significant(value, 3);
    ImGui::SetNextItemWidth(std::max(ImGui::GetContentRegionAvail().x - number - 8 * s, 40 * s));
    const bool typing = ImGui::TempInputIsActive(ImGui::GetID("##value"));
    ImGui::PushStyleColor(ImGuiCol_Text, typing ? state.theme().text : ImVec4(0, 0, 0, 0));
    double edited = value;
    ImGui::SliderScalar("##value", ImGuiDataType_Double, &edited, &low, &high,
                        whole ? "%.0f" : "%.6g", ImGuiSliderFlags_NoRoundToFormat);
    ImGui::PopStyleColor();
    activated |= ImGui::IsItemActivated();
    tooltip("Drag, or Ctrl+click to type a value");
    ImGui::SameLine(0, 8 * s);
    ImGui::AlignTextToFramePadding();
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopFont();
    if (whole) edited = std::round(edited);
    if (edited == value) return false;
    value = edited;
    return true;
}

}  // namespace hopscope::app
