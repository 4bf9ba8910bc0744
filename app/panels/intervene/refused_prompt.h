// Why the inspector did not read a prompt; one that is too long can be cut there. Shown by every
// panel that works on the prompt. Window thread only, inside an ImGui window.
#pragma once

#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// True if the person has it cut: `field`, where it is typed, is then the beginning or the end that
/// can be read.
bool draw_refused_prompt(AppState& state, const std::string& prompt, const std::string& error,
                         const core::TooLong& too_long, std::string& field);

}  // namespace hopscope::app
