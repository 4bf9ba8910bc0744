// The built-in docking arrangements as data turned into ImGui's dock nodes. Window thread only.
#pragma once

#include <imgui.h>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/panels/table.h"

namespace hopscope::app {

/// ImGui's id of the dock space of a layout (inside the current window).
ImGuiID dock_space_id(Layout layout);

/// What a layout has no room for.
struct Tightness {
    bool low = false;     ///< panels over each other: they become tabs, or stand side by side
    bool narrow = false;  ///< three columns: the left one's panels become tabs of another
    bool operator==(const Tightness&) const = default;
};
Tightness tightness(Layout layout, ImVec2 size, float scale);

/// Rebuilds the dock space of `layout` at `size` as the panel table says; a side is never narrower
/// than its panels need at `scale`. Panels that the table shuts there are left floating-free: they
/// dock beside the centre when opened.
void build_layout(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels, ImVec2 size,
                  float scale);
/// Where the panel of this window name stands: as it is drawn, or as the kept arrangement says; 0
/// unknown.
ImGuiID kept_node(const std::string& name);
/// Where the panels stand whose place in the layout is that of a panel, or those of the centre; 0
/// where none of them stands anywhere.
ImGuiID node_of_place(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels,
                      size_t index, Tightness tight);
/// Where to dock a panel that the kept arrangement does not know, since it was kept before the
/// panel existed: with those of its place, or in the centre. 0 for every other panel.
ImGuiID node_of_new(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels, size_t index,
                    Tightness tight);
/// The tightness that the kept arrangement was built for, `likely` first; none: a person made it.
std::optional<Tightness> built_for(Layout layout, std::span<const std::unique_ptr<Panel>> panels,
                                   Tightness likely);
/// Whether the panels that have been drawn, or are kept, share tabs, and do not, as build_layout()
/// had them: nobody has moved one by hand.
bool stands_as_built(Layout layout, std::span<const std::unique_ptr<Panel>> panels,
                     Tightness tight);

}  // namespace hopscope::app
