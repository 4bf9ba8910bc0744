// What panels that hold runs against each other say while there is nothing to hold. Window thread
// only, inside an ImGui window.
#pragma once

#include "app/state/app_state.h"

namespace hopscope::app {

/// In place of a panel that shows differences of variants: says what will appear (`what`, a
/// sentence) and what is missing. True then.
bool empty_without_differences(const AppState& state, const char* what);

/// Brings the panel of the compared runs to the front, its field ready to be typed into.
void ask_for_runs(AppState& state);

}  // namespace hopscope::app
