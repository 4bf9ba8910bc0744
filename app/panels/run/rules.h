// The rules that watch the run, to be switched, and what broke them. Part of the run panel; window
// thread only.
#pragma once

#include "app/state/app_state.h"

namespace hopscope::app {

/// What broke a rule, newest first, with the way to its step; nothing where nothing did.
void draw_findings(AppState& state);
/// Each rule with its threshold, and whether it only warns.
void draw_rules(AppState& state);

}  // namespace hopscope::app
