// The built-in docking arrangements as data turned into ImGui's dock nodes. Window thread only.
#pragma once

#include <imgui.h>
#include <memory>
#include <vector>

#include "app/panels/table.h"

namespace hopscope::app {

/// ImGui's id of the dock space of a layout (inside the current window).
ImGuiID dock_space_id(Layout layout);

/// Rebuilds the dock space of `layout` at `size` as the panel table says; a side is never narrower
/// than its panels need at `scale`. Panels that the table shuts there are left floating-free: they
/// dock beside the centre when opened.
void build_layout(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels, ImVec2 size,
                  float scale);

}  // namespace hopscope::app
