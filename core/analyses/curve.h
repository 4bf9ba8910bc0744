// Training curves of metrics.csv cut where their course changes. Pure function, any thread.
#pragma once

#include <vector>

#include "core/run/columns.h"
#include "core/stats/change_points.h"

namespace hopscope::core::analysis {

/// Change points of a column over ln(step); no pieces where it is not recorded, or in too few
/// updates.
stats::Segmentation segments_of(const std::vector<ScalarRecord>& records, const Column& column);

}  // namespace hopscope::core::analysis
