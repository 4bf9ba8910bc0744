#include "app/window/menu_bar.h"

#include <algorithm>
#include <imgui.h>
#include <utility>

#include "app/widgets/widgets.h"

namespace hopscope::app {
namespace {

constexpr std::pair<Menu, const char*> kMenus[] = {{Menu::file, "File"},
                                                   {Menu::run, "Run"},
                                                   {Menu::view, "View"},
                                                   {Menu::layout, "Layout"},
                                                   {Menu::help, "Help"}};

void menu_item(const ActionItem& item) {
    const std::string why = item.refusal();
    if (item.entries) {
        if (!ImGui::BeginMenu(item.title.c_str(), why.empty())) return tooltip(why);
        item.entries();
        return ImGui::EndMenu();
    }
    const char* keys = item.keys.empty() ? nullptr : item.keys.c_str();
    const bool on = item.is_on && item.is_on();
    if (ImGui::MenuItem(item.title.c_str(), keys, on, why.empty())) item.run();
    tooltip(why.empty() ? item.help : why);
}

void draw_items(const std::vector<const ActionItem*>& items) {
    for (size_t i = 0; i < items.size(); ++i) {
        if (i > 0 && items[i]->menu.group != items[i - 1]->menu.group) ImGui::Separator();
        menu_item(*items[i]);
    }
}

}  // namespace

std::vector<const ActionItem*> items_of(Menu menu, std::span<const ActionItem> actions) {
    std::vector<const ActionItem*> items;
    for (const ActionItem& item : actions)
        if (item.menu.menu == menu) items.push_back(&item);
    const auto place = [](const ActionItem* item) {
        return std::pair(item->menu.group, item->menu.place);
    };
    std::ranges::stable_sort(items, {}, place);
    return items;
}

void draw_menu_bar(AppState& state, std::span<const ActionItem> actions) {
    const bool one_open = std::ranges::any_of(
        kMenus, [](const auto& menu) { return ImGui::IsPopupOpen(menu.second); });
    const float top = ImGui::GetCursorPosY();
    for (const auto& [menu, title] : kMenus) {
        ImGui::PushStyleColor(ImGuiCol_Button, ImVec4(0, 0, 0, 0));
        bool opened = ImGui::Button(title);
        // As in any menu bar: once one is open, the mouse alone opens its neighbour.
        if (one_open && ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenBlockedByPopup))
            opened |= !ImGui::IsPopupOpen(title);
        ImGui::PopStyleColor();
        const ImVec2 below(ImGui::GetItemRectMin().x, ImGui::GetItemRectMax().y + 2);
        if (opened) ImGui::OpenPopup(title);
        ImGui::SetNextWindowPos(below);
        ImGui::PushStyleColor(ImGuiCol_Text, state.theme().text);
        if (ImGui::BeginPopup(title)) {
            draw_items(items_of(menu, actions));
            ImGui::EndPopup();
        }
        ImGui::PopStyleColor();
        ImGui::SameLine(0, 2 * state.pixel_scale);
        ImGui::SetCursorPosY(top);
    }
}

}  // namespace hopscope::app
