// What an update costs, part by part, and what the window takes of it. Part of the run panel;
// window thread only.
#pragma once

#include "app/panels/run/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// Nothing where no update was timed.
void draw_cost(AppState& state, const TimeSplit& split);

}  // namespace hopscope::app
