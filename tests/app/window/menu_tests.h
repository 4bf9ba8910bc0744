// Menus, palette and what the menu View changes, in the whole window.
#pragma once

#include <imgui_te_engine.h>

namespace hopscope::gui_test::whole {

void register_menu_tests(ImGuiTestEngine* engine);

}  // namespace hopscope::gui_test::whole
