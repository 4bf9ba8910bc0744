#include "app/window/key_listener.h"

#include <imgui.h>
#include <utility>

#include "app/state/keys.h"

namespace hopscope::app {
namespace {

/// Letters, Space and arrows belong to a text field or a focused item first.
bool keyboard_is_free() {
    const ImGuiIO& io = ImGui::GetIO();
    return !io.WantTextInput && !io.NavVisible && !ImGui::IsAnyItemActive() &&
           !ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
}

bool is_arrow(const std::string& keys) {
    return keys.ends_with("arrow");
}

}  // namespace

/// Tab shows the cursor that walks over the items, a click hides it. Without it arrows and Space
/// are the run's, so an arrow alone must not bring it up; inside a menu or dialog it may.
void KeyListener::guide_cursor() {
    ImGuiIO& io = ImGui::GetIO();
    const bool popup =
        ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
    if (popup_was_open_ && !popup) ImGui::SetNavCursorVisible(false);
    popup_was_open_ = popup;
    if (pressed("Tab") || pressed("Shift+Tab")) ImGui::SetNavCursorVisible(true);
    io.ConfigNavCursorVisibleAuto = popup || io.NavVisible;
}

void KeyListener::listen(AppState& state, std::span<const ActionItem> actions) {
    guide_cursor();
    const bool arrows_taken = std::exchange(state.arrows_taken, false);
    const bool free = state.session && keyboard_is_free();
    for (const ActionItem& item : actions) {
        if (item.keys.empty() || item.panel_listens) continue;
        if (!free && plain_keys(item.keys)) continue;
        if (!arrows_taken || !is_arrow(item.keys)) hear(state, item);
    }
}

}  // namespace hopscope::app
