// The numbers of the run panel as comma-separated text. Pure, window thread.
#pragma once

#include <string>

#include "app/panels/run/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// A line a quantity with its unit, then a line a live setting; what was not measured has an empty
/// value. "" without an open run.
std::string run_csv(const AppState& state, double tokens_per_s, double seconds_left,
                    const TimeSplit& split);

}  // namespace hopscope::app
