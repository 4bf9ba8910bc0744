// The page "norms": what attention and experts add, by layer, of a traced prompt. Window thread
// only, inside an ImGui window.
#pragma once

#include "app/panels/statistics/matrix.h"

namespace hopscope::app {

void draw_norms(AppState& state, Area area);

}  // namespace hopscope::app
