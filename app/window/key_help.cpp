#include "app/window/key_help.h"

#include <imgui.h>

#include "app/window/key_listener.h"

namespace hopscope::app {

void KeyHelp::draw(const AppState& state, std::span<const ActionItem> actions) {
    if (!shown_) return;
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);  // it floats, so no gap sets it apart
    ImGui::SetNextWindowPos(ImGui::GetMainViewport()->GetCenter(), ImGuiCond_Appearing,
                            ImVec2(0.5f, 0.5f));
    if (ImGui::Begin("Shortcuts", &shown_,
                     ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoDocking |
                         ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoSavedSettings) &&
        ImGui::BeginTable("keys", 3)) {
        const auto row = [&](const std::string& key, const std::string& text,
                             const std::string& panel = {}) {
            ImGui::TableNextRow();
            ImGui::TableNextColumn();
            ImGui::PushFont(state.fonts.mono, kMonoSize);
            ImGui::TextUnformatted(key.c_str());
            ImGui::PopFont();
            ImGui::TableNextColumn();
            ImGui::TextUnformatted(text.c_str());
            ImGui::TableNextColumn();
            ImGui::TextColored(state.theme().dim, "%s", panel.c_str());
        };
        for (const auto& item : actions)
            if (!item.keys.empty()) row(item.keys, item.title, item.panel);
        row(KeyListener::kCursorKey, "Walk over buttons and fields");
        row("Double click", "Fit the picture");
        row("Shift+click", "Add to the selection");
        row("Shift+drag", "Select in a box, besides what is selected", "Routing space");
        row("Alt+drag", "Select in a lasso", "Routing space");
        row("Ctrl+drag", "Move a centroid", "Routing space");
        ImGui::EndTable();
    }
    ImGui::End();
    ImGui::PopStyleVar();
}

}  // namespace hopscope::app
