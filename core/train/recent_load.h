// How much each expert was used of late: its share of the choices, as a mean over the last ten
// updates or so. It decides nothing of the training; but the pictures of a run show it, so that it
// is part of what a checkpoint keeps. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace hopscope::core {

/// Means of shares, [layers][experts]; a layer sums to less than 1 at first (1 − 0.9^updates), so
/// it is divided by its sum before it is shown. Empty where nothing was counted (dense models,
/// before an update).
using RecentLoad = std::vector<std::vector<double>>;

/// The choices of one more update, [layers][experts]. A layer that chose nothing stays as it is.
void count_choices(RecentLoad& load, const std::vector<std::vector<int64_t>>& choices);

}  // namespace hopscope::core
