// What is written of a panel in the whole window.
#pragma once

#include <imgui_te_engine.h>

namespace hopscope::gui_test::whole {

void register_panel_file_tests(ImGuiTestEngine* engine);

}  // namespace hopscope::gui_test::whole
