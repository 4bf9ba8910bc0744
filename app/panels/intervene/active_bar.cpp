#include "app/panels/intervene/active_bar.h"

#include <algorithm>
#include <imgui.h>

#include "app/panels/run/view.h"
#include "app/widgets/widgets.h"

namespace hopscope::app {

bool draw_active_bar(AppState& state, const std::string& extra) {
    const auto active = state.prompt_script();
    std::string text = extra;
    for (const auto& command : active) text += (text.empty() ? "" : "; ") + in_words(command);
    if (text.empty()) return false;
    text = "Active on the prompt, not on the run: " + text;
    const Theme& theme = state.theme();
    const float s = state.pixel_scale;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, height = ImGui::GetFrameHeight();
    const float clear = ImGui::CalcTextSize("Clear all").x + 2 * ImGui::GetStyle().FramePadding.x;
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(at, ImVec2(at.x + width, at.y + height),
                        packed(mixed(theme.panel, theme.amber, 0.2f)), 4 * s);
    const ImVec2 from(at.x + 8 * s, at.y + ImGui::GetStyle().FramePadding.y);
    list->PushClipRect(at, ImVec2(at.x + width - clear - 8 * s, at.y + height), true);
    list->AddText(from, packed(theme.amber_text), text.c_str());
    list->PopClipRect();
    ImGui::Dummy(ImVec2(std::max(width - clear - 8 * s, 1.0f), height));
    tooltip(text);
    ImGui::SameLine();
    ImGui::SetCursorScreenPos(ImVec2(at.x + width - clear, at.y));
    ImGui::PushStyleColor(ImGuiCol_Button, ImVec4(0, 0, 0, 0));
    ImGui::PushStyleColor(ImGuiCol_Text, theme.amber_text);
    const bool pressed = ImGui::Button("Clear all");
    ImGui::PopStyleColor(2);
    tooltip("Switches all interventions on the prompt off; undo brings them back");
    if (pressed) state.stack.all_off();
    return pressed;
}

}  // namespace hopscope::app
