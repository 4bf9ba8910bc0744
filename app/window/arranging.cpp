#include "app/window/arranging.h"

#include <algorithm>
#include <imgui_internal.h>
#include <set>
#include <string>

#include "app/window/docking.h"

namespace hopscope::app {
namespace {

/// Where a panel stands, and in which place among the tabs.
struct Standing {
    std::string id, name;
    ImGuiID node = 0;
    int order = 0;
};

std::vector<Standing> standings(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels) {
    std::vector<Standing> out;
    for (size_t i = 0; i < panels.size(); ++i) {
        Standing one;
        one.id = panel_table()[i].id;
        one.name = window_name(*panels[i], layout);
        one.node = kept_node(one.name);
        if (const ImGuiWindow* window = ImGui::FindWindowByName(one.name.c_str()))
            one.order = window->DockOrder;
        out.push_back(std::move(one));
    }
    std::ranges::stable_sort(out, {}, &Standing::order);
    return out;
}

ImGuiID tab_id(const std::string& name) {
    return ImHashStr("#TAB", 0, ImHashStr(name.c_str()));
}

void read_tabs(const ImGuiDockNode& node, const std::vector<Standing>& all,
               std::vector<std::string>& tabs, std::string& front) {
    for (const Standing& one : all) {
        if (one.node != node.ID) continue;
        tabs.push_back(one.id);
        if (node.SelectedTabId == tab_id(one.name)) front = one.id;
    }
}

ArrangedPart read_node(const ImGuiDockNode& node, const std::vector<Standing>& all) {
    ArrangedPart part;
    if (!node.IsSplitNode()) {
        part.center = node.IsCentralNode();
        read_tabs(node, all, part.tabs, part.front);
        return part;
    }
    part.beside = node.SplitAxis == ImGuiAxis_X;
    const auto length = [&](const ImGuiDockNode* child) {
        return std::max(part.beside ? child->SizeRef.x : child->SizeRef.y, 1.0f);
    };
    const float first = length(node.ChildNodes[0]);
    part.share = first / (first + length(node.ChildNodes[1]));
    for (const ImGuiDockNode* child : node.ChildNodes) part.parts.push_back(read_node(*child, all));
    return part;
}

bool is_below(const ImGuiDockNode* node, ImGuiID root) {
    for (; node; node = node->ParentNode)
        if (node->ID == root) return true;
    return false;
}

/// Corner and size as shares of the window.
void read_place(ImVec2 at, ImVec2 size, FloatingTabs& to) {
    const ImGuiViewport* view = ImGui::GetMainViewport();
    const ImVec2 whole(std::max(view->Size.x, 1.0f), std::max(view->Size.y, 1.0f));
    to.x = (at.x - view->Pos.x) / whole.x;
    to.y = (at.y - view->Pos.y) / whole.y;
    to.width = size.x / whole.x;
    to.height = size.y / whole.y;
}

ImGuiID first_leaf(ImGuiID root) {
    const ImGuiDockNode* node = ImGui::DockBuilderGetNode(root);
    while (node && node->IsSplitNode()) node = node->ChildNodes[0];
    return node ? node->ID : root;
}

class Builder {
  public:
    Builder(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels)
        : layout_(layout), panels_(panels) {}

    void fill(ImGuiID id, const std::vector<std::string>& tabs, const std::string& front) const {
        short order = 0;
        for (const std::string& tab : tabs)
            if (const std::string name = name_of_window(tab); !name.empty()) {
                ImGui::DockBuilderDockWindow(name.c_str(), id);
                set_order(name, order++);
            }
        const std::string name = name_of_window(front);
        if (ImGuiDockNode* node = ImGui::DockBuilderGetNode(id); node && !name.empty())
            node->SelectedTabId = tab_id(name);
    }
    /// One that floats alone has no node; its name goes to `alone`.
    void set_afloat(const FloatingTabs& one, std::set<std::string>& alone) const {
        const ImGuiViewport* view = ImGui::GetMainViewport();
        const ImVec2 at(view->Pos.x + one.x * view->Size.x, view->Pos.y + one.y * view->Size.y);
        const ImVec2 size(one.width * view->Size.x, one.height * view->Size.y);
        for (const std::string& tab : one.tabs)
            if (const std::string name = name_of_window(tab); !name.empty())
                set_place(name, at, size);
        if (one.tabs.size() == 1) {
            alone.insert(name_of_window(one.tabs[0]));
            return;
        }
        const ImGuiID id = ImGui::DockBuilderAddNode(0, ImGuiDockNodeFlags_None);
        ImGui::DockBuilderSetNodePos(id, at);
        ImGui::DockBuilderSetNodeSize(id, size);
        fill(id, one.tabs, one.front);
        ImGui::DockBuilderFinish(id);
    }
    void build(ImGuiID id, const ArrangedPart& part) const {
        if (part.parts.size() != 2) return fill(id, part.tabs, part.front);
        // The rest of a split keeps the centre, where there is one.
        const bool first_keeps = has_center(part.parts[0]);
        const ImGuiDir low = part.beside ? ImGuiDir_Left : ImGuiDir_Up,
                       high = part.beside ? ImGuiDir_Right : ImGuiDir_Down;
        ImGuiID first = 0, second = 0;
        if (first_keeps)
            ImGui::DockBuilderSplitNode(id, high, 1 - part.share, &second, &first);
        else
            ImGui::DockBuilderSplitNode(id, low, part.share, &first, &second);
        build(first, part.parts[0]);
        build(second, part.parts[1]);
    }

  private:
    static void set_order(const std::string& name, short order) {
        if (ImGuiWindow* window = ImGui::FindWindowByName(name.c_str()))
            window->DockOrder = order;
        else if (auto* kept = ImGui::FindWindowSettingsByID(ImHashStr(name.c_str())))
            kept->DockOrder = order;
    }
    static void set_place(const std::string& name, ImVec2 at, ImVec2 size) {
        if (ImGui::FindWindowByName(name.c_str())) {
            ImGui::SetWindowPos(name.c_str(), at);
            return ImGui::SetWindowSize(name.c_str(), size);
        }
        ImGui::DockBuilderDockWindow(name.c_str(), 0);  // makes what is kept of it
        auto* kept = ImGui::FindWindowSettingsByID(ImHashStr(name.c_str()));
        const ImVec2 corner = ImGui::GetMainViewport()->Pos;
        kept->Pos = ImVec2ih(ImVec2(at.x - corner.x, at.y - corner.y));
        kept->Size = ImVec2ih(size);
    }
    static bool has_center(const ArrangedPart& part) {
        return part.center || std::ranges::any_of(part.parts, has_center);
    }
    std::string name_of_window(const std::string& id) const {
        for (size_t i = 0; i < panels_.size(); ++i)
            if (panel_table()[i].id == id) return window_name(*panels_[i], layout_);
        return {};
    }

    Layout layout_;
    const std::vector<std::unique_ptr<Panel>>& panels_;
};

}  // namespace

Arrangement arrangement_of(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels,
                           ImGuiID root) {
    Arrangement out;
    out.layout = name_of(layout);
    const std::vector<Standing> all = standings(layout, panels);
    const ImGuiDockNode* whole = ImGui::DockBuilderGetNode(root);
    if (whole) out.docked = read_node(*whole, all);
    std::vector<ImGuiID> told;  // windows of several tabs
    for (const Standing& one : all) {
        const ImGuiDockNode* node = one.node ? ImGui::DockBuilderGetNode(one.node) : nullptr;
        if (node && is_below(node, root)) continue;
        FloatingTabs floating;
        if (node) {
            if (std::ranges::find(told, node->ID) != told.end()) continue;
            told.push_back(node->ID);
            read_tabs(*node, all, floating.tabs, floating.front);
            read_place(node->Pos, node->Size, floating);
        } else {
            const ImGuiWindow* window = ImGui::FindWindowByName(one.name.c_str());
            if (!window) continue;  // it was never drawn
            floating.tabs = {one.id};
            read_place(window->Pos, window->SizeFull, floating);
        }
        out.floating.push_back(std::move(floating));
    }
    return out;
}

void arrange(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels, ImGuiID root,
             ImVec2 size, const Arrangement& kept) {
    ImGui::DockBuilderRemoveNode(root);
    ImGui::DockBuilderAddNode(root, ImGuiDockNodeFlags_DockSpace);
    ImGui::DockBuilderSetNodeSize(root, size);
    // What stood in windows of their own.
    for (const auto& panel : panels)
        if (const std::string name = window_name(*panel, layout); kept_node(name) != 0)
            ImGui::DockBuilderDockWindow(name.c_str(), 0);
    const Builder builder(layout, panels);
    builder.build(root, kept.docked);
    ImGui::DockBuilderFinish(root);
    std::set<std::string> alone;
    for (const FloatingTabs& one : kept.floating) builder.set_afloat(one, alone);
    for (size_t i = 0; i < panels.size(); ++i) {
        const std::string name = window_name(*panels[i], layout);
        if (kept_node(name) != 0 || alone.contains(name)) continue;
        const ImGuiID node = node_of_place(layout, panels, i, {});
        ImGui::DockBuilderDockWindow(name.c_str(), node ? node : first_leaf(root));
    }
}

}  // namespace hopscope::app
