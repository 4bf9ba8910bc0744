#include "app/panels/halting/threshold.h"

#include <imgui.h>

#include "app/panels/trajectory/view.h"
#include "app/widgets/format.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {

void draw_threshold(AppState& state) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const double epsilon = epsilon_at(state.halt_position);
    ImGui::TextColored(theme.dim, "threshold \xCE\xB5, log scale");
    const std::string value = epsilon > 0 ? significant(epsilon, 2) : "off";
    const float number = text_width(state.fonts.mono, kMonoSize, "0.000000");
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - number - 8 * s);
    const std::string lacks = state.lacks(core::Need::hops);
    ImGui::BeginDisabled(!lacks.empty());
    by_name(state, "##epsilon", "threshold");
    if (ImGui::SliderFloat("##epsilon", &state.halt_position, 0, 1, "",
                           ImGuiSliderFlags_AlwaysClamp))
        state.keep_drawing();
    ImGui::EndDisabled();
    tooltip(lacks.empty()
                ? "A token stops hopping in a layer when \xE2\x80\x96\xCE\x94h\xE2\x80\x96 / "
                  "(\xE2\x80\x96x + h_accum\xE2\x80\x96 + 1e-6) falls below "
                  "\xCE\xB5. Far left: off. It acts on this prompt and on validation, never on "
                  "training."
                : lacks);
    ImGui::SameLine(0, 8 * s);
    ImGui::AlignTextToFramePadding();
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::TextColored(epsilon > 0 ? theme.amber : theme.dim, "%s", value.c_str());
    ImGui::PopFont();
}

}  // namespace hopscope::app
