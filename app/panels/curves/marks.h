// Marks on the plot of curves: interventions as lines from top to bottom, crossings of lanes as
// rings. Inside an ImPlot plot, window thread only.
#pragma once

#include <span>

#include "app/panels/curves/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// A line at each intervention with its words, in up to three rows so that few overlap;
/// `first_row`: how many above them are taken.
void draw_marks(const AppState& state, std::span<const Mark> marks, int first_row);

/// Where a lane overtakes another in validation loss: a ring, its words under the pointer, and
/// beside it as long as there are few. Nothing where neither loss nor perplexity is shown.
void draw_crossings(const AppState& state, std::span<const Mark> crossings,
                    const CurveChoice& choice);

}  // namespace hopscope::app
