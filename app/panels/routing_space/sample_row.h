// The row of the list "More" that takes a larger sample of tokens (app/state/token_sample.h), and
// the same by name. Window thread only.
#pragma once

#include <vector>

#include "app/state/actions.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// How many tokens, the button that takes, cancels or puts away, and what the task is at.
void draw_sample_row(AppState& state);

std::vector<ActionItem> sample_actions(AppState& state);

}  // namespace hopscope::app
