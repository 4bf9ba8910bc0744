// The rules that watch the run, to be switched, and what broke them. Part of the run panel; window
// thread only.
#pragma once

#include "app/state/app_state.h"
#include "app/state/saved_session.h"

namespace hopscope::app {

/// What broke a rule, newest first, with the way to its step; nothing where nothing did.
void draw_findings(AppState& state);
/// The rules as they are switched, for a session file: "on warns 10", by name.
PanelView kept_rules(const RunRules& rules);
/// Switches them so; what is no rule, or not written so, is left out.
void restore(const PanelView& kept, RunRules& rules);
/// Each rule with its threshold, and whether it only warns.
void draw_rules(AppState& state);

}  // namespace hopscope::app
