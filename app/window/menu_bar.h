// The menus: which actions stand in which of them, in which order. Words, keys and what is allowed
// come with the actions. Window thread only, inside an ImGui window.
#pragma once

#include <span>

#include "app/state/actions.h"

namespace hopscope::app {

void draw_menu_bar(AppState& state, std::span<const ActionItem> actions);

}  // namespace hopscope::app
