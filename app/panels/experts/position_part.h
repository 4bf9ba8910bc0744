// Where in the text an expert is chosen, as words and as small pictures for its row and its card.
// Window thread only.
#pragma once

#include <imgui.h>
#include <string>

#include "app/state/app_state.h"
#include "app/state/position_use.h"

namespace hopscope::app {

/// "first quarter", …
const char* quarter_name(int quarter);
/// What a pointer over the row reads.
std::string position_help(const PositionUse& use);
/// Four bars, as high as each quarter is used over the even use, 2 × at most.
void position_bars(const AppState& state, const PositionUse& use, ImVec2 low, ImVec2 size);
/// A line a quarter: tokens, share with its interval, × the even use.
void draw_position_lines(const AppState& state, const PositionUse& use, ImU32 ink);

}  // namespace hopscope::app
