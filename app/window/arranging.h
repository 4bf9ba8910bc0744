// How the panels of a layout stand, read from ImGui's dock nodes and put back into them. Window
// thread only.
#pragma once

#include <imgui.h>
#include <memory>
#include <vector>

#include "app/panels/table.h"
#include "app/state/arrangement.h"

namespace hopscope::app {

/// The panels of `layout` as they stand in the dock space `root`, or beside it; without a name.
/// What is shut is not looked at.
Arrangement arrangement_of(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels,
                           ImGuiID root);
/// Rebuilds the dock space as it was kept, at `size`. Panels that it does not know stand
/// with those of their place; ids of panels that there are not are passed over.
void arrange(Layout layout, const std::vector<std::unique_ptr<Panel>>& panels, ImGuiID root,
             ImVec2 size, const Arrangement& kept);

}  // namespace hopscope::app
