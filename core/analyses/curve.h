// Training curves of metrics.csv cut where their course changes. Pure functions, any thread.
#pragma once

#include <vector>

#include "core/api/phases.h"
#include "core/run/columns.h"
#include "core/stats/change_points.h"

namespace hopscope::core::analysis {

/// Change points of a column over ln(step); no pieces where it is not recorded, or in too few
/// updates.
stats::Segmentation segments_of(const std::vector<ScalarRecord>& records, const Column& column);
/// The same of values that followed the updates `steps`; NaN where there is none.
stats::Segmentation segments_of(stats::Numbers steps, stats::Numbers values);
/// The pieces in updates and words: level where the slope is not told from 0 or moves the curve by
/// less than a fiftieth of its range.
std::vector<Phase> phases_of(const stats::Segmentation& found);

}  // namespace hopscope::core::analysis
