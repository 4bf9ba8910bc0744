#include "app/window/key_listener.h"

#include <algorithm>
#include <imgui.h>
#include <vector>

#include "app/state/keys.h"

namespace hopscope::app {
namespace {

bool popup_is_open() {
    return ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
}

}  // namespace

void Attention::note(std::string_view title) {
    if (ImGui::IsWindowFocused(ImGuiFocusedFlags_ChildWindows)) focused = title;
    if (ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows)) pointed = title;
}

/// Tab shows the cursor that walks over the items, a click hides it. Without it arrows and Space
/// are the run's, so an arrow alone must not bring it up; inside a menu or dialog it may.
void KeyListener::guide_cursor() {
    ImGuiIO& io = ImGui::GetIO();
    const bool popup = popup_is_open();
    if (popup_begun_ && !popup) ImGui::SetNavCursorVisible(false);
    popup_begun_ = popup;
    if (pressed(kCursorKey) || pressed(std::string("Shift+") + kCursorKey))
        ImGui::SetNavCursorVisible(true);
    io.ConfigNavCursorVisibleAuto = popup || io.NavVisible;
}

/// Letters, Space and arrows belong to a text field or a focused item first. So does the Esc by
/// which ImGui has closed a menu or list since: it asked for no more.
bool KeyListener::keyboard_is_free() const {
    const ImGuiIO& io = ImGui::GetIO();
    return !io.WantTextInput && !io.NavVisible && !ImGui::IsAnyItemActive() && !popup_is_open() &&
           !popup_left_;
}

void KeyListener::end_frame() {
    popup_left_ = popup_is_open();
}

void KeyListener::listen(AppState& state, std::span<const ActionItem> actions,
                         const Attention& attention) {
    guide_cursor();
    const bool free = state.session && keyboard_is_free();
    const auto asked = [&](const ActionItem& item) {
        if (item.keys.empty() || (!free && plain_keys(item.keys))) return false;
        return pressed(item.keys, item.repeats) && (!item.listens || item.listens());
    };
    // A panel's keys before the window's; what is typed is the text field's, its Ctrl+Z, too.
    std::vector<std::string_view> taken;
    for (const ActionItem& item : actions) {
        if (item.panel.empty() || !attention.reaches(item) || ImGui::GetIO().WantTextInput)
            continue;
        if (!asked(item)) continue;
        taken.push_back(item.keys);
        act(state, item);
    }
    for (const ActionItem& item : actions)
        if (item.panel.empty() && std::ranges::count(taken, item.keys) == 0 && asked(item))
            act(state, item);
}

}  // namespace hopscope::app
