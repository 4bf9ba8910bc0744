// What acts on the run in training stands above every layout, so that nobody reads curves of a
// steered run as those of a plain one: an amber line with the list behind it, from which each can
// be taken back. Window thread only, inside the window's own ImGui window.
#pragma once

#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// What acts on the run, in words; "" where nothing does.
std::string acting_on_run(const core::RunStatus& status);

/// Nothing where nothing acts.
void draw_run_banner(AppState& state);

}  // namespace hopscope::app
