// The numbers of one token of the prompt, as numbers that explain themselves. Pure functions of the
// state, window thread only.
#pragma once

#include "app/panels/trajectory/view.h"
#include "app/state/app_state.h"
#include "app/state/number.h"

namespace hopscope::app {

/// The value of one cell of the matrix; where that shows experts, the weight of its first one.
Number cell_number(const AppState& state, int64_t token, int64_t layer, int64_t hop,
                   CellValue value);
/// The weight of one chosen expert, whose actions the menu offers, too.
Number weight_number(const AppState& state, int64_t token, int64_t layer, int64_t hop,
                     const ChosenExpert& chosen);
/// The overlap of the hops of one token in a layer.
Number overlap_number(const AppState& state, int64_t token, int64_t layer);

}  // namespace hopscope::app
