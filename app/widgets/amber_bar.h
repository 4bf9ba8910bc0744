// The amber strip that says what acts, on the prompt or on the run: the one place where something
// that changes the numbers is announced. Window thread only, inside an ImGui window.
#pragma once

#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// Over the whole width; the text is cut before the flat button at its end, hovering shows all of
/// it. True when the button is pressed.
bool amber_bar(const AppState& state, const std::string& text, const char* action,
               const char* help);

}  // namespace hopscope::app
