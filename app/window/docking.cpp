#include "app/window/docking.h"

#include <algorithm>
#include <imgui_internal.h>

namespace hopscope::app {
namespace {

/// Shares of the window's width and height that the outer places take.
struct Shares {
    float left, top, right, right_bottom;
};
constexpr Shares shares_of(Layout layout) {
    switch (layout) {
        case Layout::train:
            return {0.158f, 0.0f, 0.36f, 0.50f};
        case Layout::intervene:
            return {0.25f, 0.64f, 0.36f, 0.40f};
        case Layout::inspect:
            break;
    }
    return {0.25f, 0.48f, 0.44f, 0.46f};
}

/// The run panel's controls and numbers stand without clipping at this width, unscaled pixels.
constexpr float kLeftWidth = 252;

struct Nodes {
    ImGuiID left = 0, top = 0, center = 0, right = 0, right_bottom = 0;
    ImGuiID at(Place place) const {
        switch (place) {
            case Place::left:
                return left;
            case Place::top:
                return top;
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

/// The rest's share: a split is a share of what is left of the whole.
ImGuiID split(ImGuiID& rest, ImGuiDir direction, float share) {
    return ImGui::DockBuilderSplitNode(rest, direction, share, nullptr, &rest);
}

}  // namespace

ImGuiID dock_space_id(Layout layout) {
    return ImGui::GetID(name_of(layout));
}

void build_layout(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels, ImVec2 size,
                  float scale) {
    const ImGuiID root = dock_space_id(layout);
    const auto table = panel_table();
    const auto used = [&](Place place) {
        for (const auto& entry : table)
            if (place_in(entry, layout) == place) return true;
        return false;
    };
    ImGui::DockBuilderRemoveNode(root);
    ImGui::DockBuilderAddNode(root, ImGuiDockNodeFlags_DockSpace);
    ImGui::DockBuilderSetNodeSize(root, size);

    Shares shares = shares_of(layout);
    shares.left = std::clamp(kLeftWidth * scale / std::max(1.0f, size.x), shares.left, 0.4f);
    Nodes nodes;
    ImGuiID rest = root;
    if (used(Place::top)) nodes.top = split(rest, ImGuiDir_Up, shares.top);
    if (used(Place::left)) nodes.left = split(rest, ImGuiDir_Left, shares.left);
    const float rest_width = used(Place::left) ? 1.0f - shares.left : 1.0f;
    if (used(Place::center)) {
        nodes.right = split(rest, ImGuiDir_Right, shares.right / rest_width);
        nodes.center = rest;
    } else {
        nodes.right = nodes.center = rest;
    }
    nodes.right_bottom = nodes.right;
    if (used(Place::right_bottom) && used(Place::right))
        nodes.right_bottom = split(nodes.right, ImGuiDir_Down, shares.right_bottom);
    if (!used(Place::center)) nodes.center = nodes.right;

    for (size_t i = 0; i < panels.size(); ++i)
        ImGui::DockBuilderDockWindow(window_name(*panels[i], layout).c_str(),
                                     nodes.at(place_in(table[i], layout)));
    ImGui::DockBuilderFinish(root);
}

}  // namespace hopscope::app
