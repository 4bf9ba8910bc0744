// The menus: which there are and how they open. What stands in them, with words, keys and what
// is allowed, comes with the actions. Window thread only.
#pragma once

#include <span>
#include <vector>

#include "app/state/actions.h"

namespace hopscope::app {

/// What stands in a menu, from top to bottom.
std::vector<const ActionItem*> items_of(Menu menu, std::span<const ActionItem> actions);

/// Inside an ImGui window.
void draw_menu_bar(AppState& state, std::span<const ActionItem> actions);

}  // namespace hopscope::app
