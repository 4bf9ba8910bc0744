#include "app/window/docking.h"

#include <algorithm>
#include <imgui_internal.h>

namespace hopscope::app {
namespace {

/// Shares of the window's width and height that the outer places take.
struct Shares {
    float left, top, right, right_bottom, left_bottom = 0.5f, center_bottom = 0.5f;
};
constexpr Shares shares_of(Layout layout) {
    switch (layout) {
        case Layout::train:
            return {0.158f, 0.0f, 0.36f, 0.50f};
        case Layout::intervene:
            return {0.25f, 0.54f, 0.40f, 0.40f};
        case Layout::compare:
            return {0.2f, 0.0f, 0.314f, 0.6f, 0.46f, 0.46f};
        case Layout::inspect:
            break;
    }
    return {0.25f, 0.48f, 0.44f, 0.46f};
}

/// The run panel's controls, numbers and scroll bar stand side by side at this width, unscaled
/// pixels.
constexpr float kLeftWidth = 264;
/// Two panels stand over each other at this height with controls and a picture each, unscaled
/// pixels.
constexpr float least_height(Layout layout) {
    if (layout == Layout::intervene) return 720;
    return layout == Layout::compare ? 640 : 560;
}
/// Three columns with controls and a picture each stand beside each other at this width, unscaled
/// pixels; 0: there are never three.
constexpr float least_width(Layout layout) {
    if (layout == Layout::train) return 840;
    return layout == Layout::compare ? 1000 : 0;
}

struct Nodes {
    ImGuiID left = 0, left_bottom = 0, top = 0, center = 0, center_bottom = 0, right = 0,
            right_bottom = 0;
    ImGuiID at(Place place) const {
        switch (place) {
            case Place::left:
                return left;
            case Place::left_bottom:
                return left_bottom;
            case Place::top:
                return top;
            case Place::center_bottom:
                return center_bottom;
            case Place::right:
                return right;
            case Place::right_bottom:
                return right_bottom;
            case Place::none:
            case Place::center:
                break;
        }
        return center;
    }
};

/// Where a panel stands in a layout that has too little height for two panels over each other.
Place low_place(Layout layout, Place place) {
    if (place == Place::left_bottom) place = Place::left;
    if (place == Place::center_bottom) place = Place::center;
    if (place == Place::right_bottom) place = Place::right;
    return layout == Layout::intervene && place == Place::right ? Place::center : place;
}

/// Where a panel stands in a layout that has too little width for three columns: the run beside its
/// picture, the list of runs beside what is found of them.
Place narrow_place(Layout layout, Place place) {
    const bool right = layout == Layout::compare;
    if (place == Place::left) return right ? Place::right : Place::center;
    if (place == Place::left_bottom) return right ? Place::right_bottom : Place::center_bottom;
    return place;
}

Place shown_place(const PanelEntry& entry, Layout layout, Tightness tight) {
    Place place = place_in(entry, layout);
    if (tight.narrow) place = narrow_place(layout, place);
    return tight.low ? low_place(layout, place) : place;
}

/// Share of the width of what stands on top, where it stands beside the others: wide enough for two
/// columns, if that leaves enough.
float share_beside(float width, float scale) {
    constexpr float kShare = 0.62f, kTwoColumns = 784;  // unscaled pixels, with the padding
    return width * kShare >= kTwoColumns * scale ? kShare : 0.5f;
}

/// The rest's share: a split is a share of what is left of the whole.
ImGuiID split(ImGuiID& rest, ImGuiDir direction, float share) {
    return ImGui::DockBuilderSplitNode(rest, direction, share, nullptr, &rest);
}

/// Whether a window of this name was ever drawn, or is kept.
bool is_known(const std::string& name) {
    return ImGui::FindWindowByName(name.c_str()) ||
           ImGui::FindWindowSettingsByID(ImHashStr(name.c_str()));
}

}  // namespace

ImGuiID kept_node(const std::string& name) {
    if (const ImGuiWindow* window = ImGui::FindWindowByName(name.c_str())) return window->DockId;
    const ImGuiWindowSettings* kept = ImGui::FindWindowSettingsByID(ImHashStr(name.c_str()));
    return kept ? kept->DockId : 0;
}

ImGuiID dock_space_id(Layout layout) {
    return ImGui::GetID(name_of(layout));
}

Tightness tightness(Layout layout, ImVec2 size, float scale) {
    return {size.y < least_height(layout) * scale, size.x < least_width(layout) * scale};
}

void build_layout(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels, ImVec2 size,
                  float scale) {
    const ImGuiID root = dock_space_id(layout);
    const auto table = panel_table();
    const Tightness tight = tightness(layout, size, scale);
    const auto used = [&](Place place) {
        for (const auto& entry : table)
            if (shown_place(entry, layout, tight) == place) return true;
        return false;
    };
    ImGui::DockBuilderRemoveNode(root);
    ImGui::DockBuilderAddNode(root, ImGuiDockNodeFlags_DockSpace);
    ImGui::DockBuilderSetNodeSize(root, size);

    Shares shares = shares_of(layout);
    shares.left = std::clamp(kLeftWidth * scale / std::max(1.0f, size.x), shares.left, 0.4f);
    if (tight.narrow) shares.right = 0.5f;
    Nodes nodes;
    ImGuiID rest = root;
    // Side by side where there is no height for one over the other.
    if (used(Place::top))
        nodes.top = tight.low ? split(rest, ImGuiDir_Left, share_beside(size.x, scale))
                              : split(rest, ImGuiDir_Up, shares.top);
    if (used(Place::left)) nodes.left = split(rest, ImGuiDir_Left, shares.left);
    const float rest_width = used(Place::left) ? 1.0f - shares.left : 1.0f;
    nodes.center = nodes.right = rest;
    if (used(Place::center) && used(Place::right)) {
        nodes.right = split(rest, ImGuiDir_Right, shares.right / rest_width);
        nodes.center = rest;
    }
    if (!used(Place::center)) nodes.center = nodes.right;
    const auto lower = [&](Place place, Place over, ImGuiID& node, float share) {
        return used(place) && used(over) ? split(node, ImGuiDir_Down, share) : node;
    };
    nodes.left_bottom = lower(Place::left_bottom, Place::left, nodes.left, shares.left_bottom);
    nodes.center_bottom =
        lower(Place::center_bottom, Place::center, nodes.center, shares.center_bottom);
    nodes.right_bottom = lower(Place::right_bottom, Place::right, nodes.right, shares.right_bottom);

    for (size_t i = 0; i < panels.size(); ++i) {
        const Place place = place_in(table[i], layout);
        const std::string name = window_name(*panels[i], layout);
        const ImGuiID node = nodes.at(shown_place(table[i], layout, tight));
        ImGui::DockBuilderDockWindow(name.c_str(), node);
        // The first of the table is in front; what came from elsewhere stands behind those whose
        // place it is.
        const bool at_home = place != Place::none && place == shown_place(table[i], layout, tight);
        if (ImGuiDockNode* tabs = ImGui::DockBuilderGetNode(node);
            tabs && at_home && tabs->SelectedTabId == 0)
            tabs->SelectedTabId = ImHashStr("#TAB", 0, ImHashStr(name.c_str()));
    }
    ImGui::DockBuilderFinish(root);
}

ImGuiID node_of_new(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels, size_t index,
                    Tightness tight) {
    const std::string name = window_name(*panels[index], layout);
    if (is_known(name)) return 0;
    return node_of_place(layout, panels, index, tight);
}

ImGuiID node_of_place(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels,
                      size_t index, Tightness tight) {
    const auto place_of = [&](size_t i) { return shown_place(panel_table()[i], layout, tight); };
    // First beside those whose own place it is.
    for (const Place wanted : {place_of(index), Place::center})
        for (const bool own : {true, false})
            for (size_t i = 0; i < panels.size(); ++i)
                if (place_of(i) == wanted && (place_in(panel_table()[i], layout) == wanted) == own)
                    if (const ImGuiID node = kept_node(window_name(*panels[i], layout)))
                        return node;
    return 0;
}

std::optional<Tightness> built_for(Layout layout, std::span<const std::unique_ptr<Panel>> panels,
                                   Tightness likely) {
    for (const Tightness tight : {likely, Tightness{false, false}, Tightness{true, false},
                                  Tightness{false, true}, Tightness{true, true}})
        if (stands_as_built(layout, panels, tight)) return tight;
    return {};
}

bool stands_as_built(Layout layout, std::span<const std::unique_ptr<Panel>> panels,
                     Tightness tight) {
    struct Seen {
        Place place;
        ImGuiID node;
    };
    std::vector<Seen> seen;
    for (size_t i = 0; i < panels.size(); ++i) {
        const Place place = shown_place(panel_table()[i], layout, tight);
        const std::string name = window_name(*panels[i], layout);
        if (place != Place::none && is_known(name)) seen.push_back({place, kept_node(name)});
    }
    for (const Seen& a : seen)
        for (const Seen& b : seen)
            if (a.node == 0 || (a.place == b.place) != (a.node == b.node)) return false;
    return true;
}

}  // namespace hopscope::app
