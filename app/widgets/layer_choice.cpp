#include "app/widgets/layer_choice.h"

#include <algorithm>
#include <imgui.h>
#include <string>

#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr const char* kLayer = "layer";

/// Numbers need little room, the names of an imported model's second routers more.
float list_width(const AppState& state) {
    const bool longer = state.imported &&
                        std::any_of(state.imported->routers.begin(), state.imported->routers.end(),
                                    [](const auto& r) { return r.name.size() > 9; });
    return (longer ? 124 : 56) * state.pixel_scale;
}

}  // namespace

bool layer_choice(const AppState& state, int64_t layers, int64_t& layer) {
    ImGui::AlignTextToFramePadding();
    ImGui::TextColored(state.theme().dim, "%s", kLayer);
    ImGui::SameLine(0, ImGui::GetStyle().ItemInnerSpacing.x);
    ImGui::SetNextItemWidth(list_width(state));
    by_name(state, "##layer", "layer\xE2\x80\xA6");
    bool changed = false;
    if (ImGui::BeginCombo("##layer", state.layer_number(layer).c_str())) {
        for (int64_t i = 0; i < layers; ++i) {
            if (ImGui::Selectable(state.layer_number(i).c_str(), i == layer)) {
                layer = i;
                changed = true;
            }
            if (i == layer && ImGui::IsWindowAppearing()) ImGui::SetScrollHereY();
        }
        ImGui::EndCombo();
    }
    return changed;
}

float layer_choice_width(const AppState& state) {
    return ImGui::CalcTextSize(kLayer).x + ImGui::GetStyle().ItemInnerSpacing.x + list_width(state);
}

}  // namespace hopscope::app
