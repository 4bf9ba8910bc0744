// What the palette reaches: all that stands on a panel, and every entry does something.
#pragma once

#include <imgui_te_engine.h>

namespace hopscope::gui_test::whole {

/// Tests of the whole window; "zzzz…" is to be the last of all.
void register_palette_tests(ImGuiTestEngine* engine);
/// Every entry once more, at scale 2.
void register_large_palette_tests(ImGuiTestEngine* engine);

}  // namespace hopscope::gui_test::whole
