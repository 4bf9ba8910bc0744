// Two aligned tokens hop by hop: how many experts their choices share, which ones, and the same
// over all aligned tokens beside pairs that do not stand below each other [def:prompt_pair]. Window
// thread only.
#pragma once

#include <vector>

#include "app/panels/trajectory/alignment.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// Where two traces are there. `hops`: of each of the view's columns. A click on a row chooses its
/// layer and hop.
void draw_pair_table(AppState& state, const TraceView& view, const Alignment& pairs,
                     const std::vector<PairedHop>& hops);

}  // namespace hopscope::app
