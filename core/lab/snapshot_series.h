// The saved geometry snapshots of a run, compared one with the next. Calling thread.
#pragma once

#include <vector>

#include "core/analysis/analysis.h"
#include "core/analysis/saved_snapshots.h"
#include "core/stats/interval.h"

namespace hopscope::core {

/// A mean over experts or tokens; NaN with n = 0 where the snapshots have nothing to compare.
struct ChangeMean {
    double mean = stats::kNaN;
    stats::Interval ci95;  ///< bootstrap over the n units
    int64_t n = 0;
};

/// What changed in one layer (core/measure/snapshot_change.h).
struct LayerStep {
    ChangeMean angle;             ///< over experts, degrees
    ChangeMean changed, jaccard;  ///< over tokens
};

struct SnapshotStep {
    int64_t from = 0, to = 0;  ///< steps of the two snapshots
    std::vector<LayerStep> layers;
};

struct SnapshotSeries {
    int64_t snapshots = 0;                  ///< that were read
    std::vector<SnapshotStep> consecutive;  ///< empty for fewer than two snapshots
    SnapshotStep whole;                     ///< first to last
    std::vector<SavedSnapshots::Damaged> damaged;
};

/// Snapshots that are thinned away meanwhile are left out, damaged ones are named.
/// Errors: interrupted.
Result<SnapshotSeries> snapshot_series(const analysis::AnalysisContext& context);

}  // namespace hopscope::core
