// The bar at the head of the window: menus, the layouts, the search field and the state of the run.
// Window thread only, inside an ImGui window.
#pragma once

#include <span>

#include "app/panels/table.h"
#include "app/state/actions.h"

namespace hopscope::app {

/// `layout`: the one that is seen.
void draw_top_bar(AppState& state, std::span<const ActionItem> actions, Layout layout,
                  float height);

}  // namespace hopscope::app
