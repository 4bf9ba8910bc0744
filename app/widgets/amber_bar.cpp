#include "app/widgets/amber_bar.h"

#include <algorithm>
#include <imgui_internal.h>

#include "app/widgets/widgets.h"

namespace hopscope::app {

bool amber_bar(const AppState& state, const std::string& text, const char* action,
               const char* help) {
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const ImVec2 at = ImGui::GetCursorScreenPos(), padding = ImGui::GetStyle().FramePadding;
    const float width = ImGui::GetContentRegionAvail().x, height = ImGui::GetFrameHeight();
    const float button = ImGui::CalcTextSize(action).x + 2 * padding.x;
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(at, ImVec2(at.x + width, at.y + height),
                        packed(mixed(theme.panel, theme.amber, 0.2f)), 4 * s);
    const ImVec2 from(at.x + 8 * s, at.y + padding.y), size = ImGui::CalcTextSize(text.c_str());
    const float right = at.x + width - button - 8 * s;
    ImGui::PushStyleColor(ImGuiCol_Text, theme.amber_text);
    ImGui::RenderTextEllipsis(list, from, ImVec2(right, from.y + size.y), right, text.c_str(),
                              nullptr, &size);
    ImGui::PopStyleColor();
    ImGui::Dummy(ImVec2(std::max(width - button - 8 * s, 1.0f), height));
    tooltip(text);
    ImGui::SameLine();
    ImGui::SetCursorScreenPos(ImVec2(at.x + width - button, at.y));
    ImGui::PushStyleColor(ImGuiCol_Button, ImVec4(0, 0, 0, 0));
    ImGui::PushStyleColor(ImGuiCol_Text, theme.amber_text);
    const bool pressed = ImGui::Button(action);
    ImGui::PopStyleColor(2);
    tooltip(help);
    return pressed;
}

}  // namespace hopscope::app
