// Tests of the window "window" that go along the timeline: dragging, pointing, playing.
#pragma once

#include <imgui_te_engine.h>

namespace hopscope::gui_test::whole {

/// On a run that trains. They leave the window live, on the clock of steps.
void register_timeline_tests(ImGuiTestEngine* engine);

}  // namespace hopscope::gui_test::whole
