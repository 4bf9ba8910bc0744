// What the parts of the trajectory panel have in common: which token is shown, how a cell is
// drawn, the tooltips of tokens and cells. Functions of the state and its trace; window thread,
// tooltips inside an ImGui one.
#pragma once

#include <cstdint>
#include <imgui.h>

#include "app/panels/trajectory/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// Whether there is a trace with tokens; all that follows needs one.
bool has_trace(const AppState& state);
/// Selected position, the last token where none is selected; −1 without a trace.
int64_t shown_token(const AppState& state);
void select_token(AppState& state, int64_t token, bool add);

/// Into the current window, as look_of() says.
void draw_cell(const AppState& state, const TraceView& view, const HopCell& cell, int64_t layer,
               CellValue value, ImVec2 low, ImVec2 high);
void token_tooltip(const AppState& state, const core::TraceResult& trace, int64_t token);
void cell_tooltip(const AppState& state, const core::TraceResult& trace, int64_t token,
                  int64_t layer, int64_t hop);

}  // namespace hopscope::app
