#include "app/widgets/exact_slider.h"

#include <algorithm>
#include <cmath>
#include <imgui_internal.h>

#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {

SliderUse exact_slider(const AppState& state, double& value, const SliderRange& range,
                       const char* refusal) {
    // The format's digits set how near to zero a logarithmic slider goes.
    const char* format = range.whole ? "%.0f" : range.logarithmic ? "%.8f" : "%.6g";
    ImGuiSliderFlags flags = ImGuiSliderFlags_NoRoundToFormat;
    if (range.logarithmic) flags |= ImGuiSliderFlags_Logarithmic;
    const bool typing = ImGui::TempInputIsActive(ImGui::GetID("##value"));
    double edited = value;
    ImGui::BeginDisabled(refusal != nullptr);
    ImGui::PushStyleColor(ImGuiCol_Text, typing ? state.theme().text : ImVec4(0, 0, 0, 0));
    ImGui::SliderScalar("##value", ImGuiDataType_Double, &edited, &range.low, &range.high, format,
                        flags);
    ImGui::PopStyleColor();
    ImGui::EndDisabled();
    if (range.whole) edited = std::round(edited);
    const SliderUse use = {.changed = edited != value,
                           .begun = ImGui::IsItemActivated(),
                           .held = ImGui::IsItemActive(),
                           .released = ImGui::IsItemDeactivatedAfterEdit()};
    value = edited;
    tooltip(refusal ? refusal : "Drag, or Ctrl+click to type a value");
    return use;
}

SliderUse slider_with_value(const AppState& state, double& value, const SliderRange& range) {
    const float s = state.pixel_scale;
    const float number = text_width(state.fonts.mono, kMonoSize, "-0.000");
    const std::string text =
        range.whole ? with_thousands(std::llround(value)) : significant(value, 3);
    ImGui::SetNextItemWidth(std::max(ImGui::GetContentRegionAvail().x - number - 8 * s, 40 * s));
    const SliderUse use = exact_slider(state, value, range);
    ImGui::SameLine(0, 8 * s);
    ImGui::AlignTextToFramePadding();
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopFont();
    return use;
}

}  // namespace hopscope::app
