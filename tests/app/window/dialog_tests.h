// The dialogs that open runs and begin races: what they say of a mistake, and what can be read in
// them.
#pragma once

struct ImGuiTestEngine;

namespace hopscope::gui_test::whole {

void register_dialog_tests(ImGuiTestEngine* engine);

}  // namespace hopscope::gui_test::whole
