#include "app/window/key_help.h"

#include <imgui.h>

#include "app/widgets/widgets.h"
#include "app/window/key_listener.h"

namespace hopscope::app {
namespace {

constexpr float kTextWidth = 520;  ///< unscaled pixels

void key_row(const AppState& state, const std::string& key, const std::string& text) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::PushFont(state.fonts.mono, kMonoSize);
    ImGui::TextUnformatted(key.c_str());
    ImGui::PopFont();
    ImGui::TableNextColumn();
    ImGui::TextUnformatted(text.c_str());
}

/// Begins a table of keys whose columns stand under those of the others.
bool begin_keys(const AppState& state, const char* name) {
    if (!ImGui::BeginTable(name, 2, ImGuiTableFlags_SizingFixedFit)) return false;
    ImGui::TableSetupColumn("key", ImGuiTableColumnFlags_WidthFixed, 150 * state.pixel_scale);
    return true;
}

/// What the panel shows, then its keys and what the mouse does in it.
void draw_panel_help(const AppState& state, const std::string& title, const PanelHelp& help,
                     std::span<const ActionItem> actions) {
    ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + kTextWidth * state.pixel_scale);
    ImGui::TextUnformatted(help.text);
    ImGui::PopTextWrapPos();
    if (!begin_keys(state, "panel keys")) return;
    for (const auto& item : actions)
        if (!item.keys.empty() && item.panel == title) key_row(state, item.keys, item.title);
    for (const Gesture& gesture : help.gestures)
        if (gesture.how) key_row(state, gesture.how, gesture.what);
    ImGui::EndTable();
}

void draw_window_keys(const AppState& state, std::span<const ActionItem> actions) {
    if (!begin_keys(state, "keys")) return;
    for (const auto& item : actions)
        if (!item.keys.empty() && item.panel.empty()) key_row(state, item.keys, item.title);
    key_row(state, KeyListener::kCursorKey, "Walk over buttons and fields");
    key_row(state, "Double click", "Fit the picture");
    key_row(state, "Shift+click", "Add to the selection");
    ImGui::EndTable();
}

}  // namespace

void KeyHelp::show_or_shut(std::string_view title) {
    // Pressed over another panel it goes on with that one.
    const bool other = !title.empty() && title != panel_;
    shown_ = !shown_ || other;
    if (!title.empty()) panel_ = title;
}

void KeyHelp::draw_choice(std::span<const std::unique_ptr<Panel>> panels) {
    ImGui::SetNextItemWidth(-1);
    if (!ImGui::BeginCombo("##panel", panel_.empty() ? "choose a panel" : panel_.c_str(),
                           ImGuiComboFlags_HeightLargest))
        return;
    for (const auto& panel : panels)
        if (ImGui::Selectable(panel->title(), panel_ == panel->title())) panel_ = panel->title();
    ImGui::EndCombo();
}

void KeyHelp::draw(const AppState& state, std::span<const ActionItem> actions,
                   std::span<const std::unique_ptr<Panel>> panels) {
    if (!shown_) return;
    const float s = state.pixel_scale;
    const ImGuiViewport* view = ImGui::GetMainViewport();
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);  // it floats, so no gap sets it apart
    ImGui::SetNextWindowPos(view->GetCenter(), ImGuiCond_Appearing, ImVec2(0.5f, 0.5f));
    ImGui::SetNextWindowSizeConstraints(ImVec2(0, 0), ImVec2(view->Size.x, view->Size.y - 24 * s));
    if (ImGui::Begin("Help###Shortcuts", &shown_,
                     ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoDocking |
                         ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoSavedSettings)) {
        draw_choice(panels);
        if (const PanelHelp* help = help_on(panel_))
            draw_panel_help(state, panel_, *help, actions);
        else
            note(state, "Press ? with the pointer over a panel to read what it shows.");
        heading(state, "Everywhere");
        draw_window_keys(state, actions);
    }
    ImGui::End();
    ImGui::PopStyleVar();
}

}  // namespace hopscope::app
