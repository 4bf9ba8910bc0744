// The numbers of one expert, as numbers that explain themselves. Pure functions of the state,
// window thread only.
#pragma once

#include "app/panels/experts/rows.h"
#include "app/state/app_state.h"
#include "app/state/number.h"

namespace hopscope::app {

/// Its load, × uniform.
Number load_number(const AppState& state, int64_t layer, const BookEntry& entry);
/// What a column of the table shows of it; of a column without numbers, its load.
Number column_number(const AppState& state, const ExpertBook& book, const BookEntry& entry,
                     ExpertColumn column);

}  // namespace hopscope::app
