// How the panels stand in the layouts: first seen, kept, narrow, at other scales, reset.
#pragma once

#include <imgui_te_engine.h>

namespace hopscope::gui_test::whole {

/// To be registered before all others: one needs layouts that have not been seen yet.
void register_layout_tests(ImGuiTestEngine* engine);

}  // namespace hopscope::gui_test::whole
