// The saved geometry snapshots of a run, compared one with the next. Calling thread.
#pragma once

#include <vector>

#include "core/analysis/analysis.h"
#include "core/measure/snapshot_change.h"

namespace hopscope::core {

struct SnapshotStep {
    int64_t from = 0, to = 0;  ///< steps of the two snapshots
    std::vector<LayerChange> layers;
};

struct SnapshotSeries {
    int64_t snapshots = 0;
    std::vector<SnapshotStep> consecutive;  ///< empty for fewer than two snapshots
    SnapshotStep whole;                     ///< first to last
};

/// Errors: usage where a file cannot be read; interrupted.
Result<SnapshotSeries> snapshot_series(const analysis::AnalysisContext& context);

}  // namespace hopscope::core
