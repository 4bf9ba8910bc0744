#include "app/window/menu_bar.h"

#include <algorithm>
#include <imgui.h>
#include <string_view>

#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

void menu_item(const ActionItem& item) {
    const std::string why = item.refusal();
    const char* keys = item.keys.empty() ? nullptr : item.keys.c_str();
    if (ImGui::MenuItem(item.title.c_str(), keys, false, why.empty())) item.run();
    tooltip(why.empty() ? item.help : why);
}

}  // namespace

void draw_menu_bar(AppState& state, std::span<const ActionItem> actions) {
    struct Menu {
        const char* title;
        std::vector<std::string_view> items;  // "": a line; a name that ends with ".": all of these
    };
    static const std::vector<Menu> kMenus = {
        {"File", {"file.first_look", "file.open", "file.race", "file.close", "", "file.quit"}},
        {"Run", {"resume", "pause", "step", "", "checkpoint", "evaluate", "", "stop"}},
        {"View",
         {"view.dark", "view.larger", "view.smaller", "view.scale1", "view.animations", "",
          "panel."}},
        {"Layout", {"layout.", "", "layouts.reset"}},
        {"Help", {"palette", "help.shortcuts"}},
    };
    const bool one_open = std::ranges::any_of(
        kMenus, [](const Menu& menu) { return ImGui::IsPopupOpen(menu.title); });
    const float top = ImGui::GetCursorPosY();
    for (const auto& menu : kMenus) {
        ImGui::PushStyleColor(ImGuiCol_Button, ImVec4(0, 0, 0, 0));
        bool opened = ImGui::Button(menu.title);
        // As in any menu bar: once one is open, the mouse alone opens its neighbour.
        if (one_open && ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenBlockedByPopup))
            opened |= !ImGui::IsPopupOpen(menu.title);
        ImGui::PopStyleColor();
        const ImVec2 below(ImGui::GetItemRectMin().x, ImGui::GetItemRectMax().y + 2);
        if (opened) ImGui::OpenPopup(menu.title);
        ImGui::SetNextWindowPos(below);
        ImGui::PushStyleColor(ImGuiCol_Text, state.theme().text);
        if (ImGui::BeginPopup(menu.title)) {
            for (const std::string_view id : menu.items) {
                if (id.empty()) ImGui::Separator();
                for (const ActionItem& item : actions)
                    if (!id.empty() && (id.back() == '.' ? item.id.starts_with(id) : item.id == id))
                        menu_item(item);
            }
            ImGui::EndPopup();
        }
        ImGui::PopStyleColor();
        ImGui::SameLine(0, 2 * state.pixel_scale);
        ImGui::SetCursorPosY(top);
    }
}

}  // namespace hopscope::app
