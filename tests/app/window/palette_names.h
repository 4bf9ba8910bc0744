// What the palette reaches: all that stands on a panel, and every entry does something.
#pragma once

#include <imgui_te_engine.h>

#include "app/window/shell.h"

namespace hopscope::gui_test {

/// Tests of the whole window; "zzzz…" is to be the last of all.
void register_palette_names(ImGuiTestEngine* engine, app::Shell& shell, app::AppState& state);

}  // namespace hopscope::gui_test
