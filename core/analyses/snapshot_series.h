// The saved geometry snapshots of a run, compared one with the next. Calling thread.
#pragma once

#include <vector>

#include "core/analyses/analysis.h"
#include "core/analyses/saved_snapshots.h"

namespace hopscope::core::analysis {

/// What changed in one layer (core/analyses/snapshot_change.h); NaN with n = 0 where the snapshots
/// have nothing to compare.
struct LayerStep {
    Estimate angle;             ///< over experts, degrees
    Estimate changed, jaccard;  ///< over tokens
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
Result<SnapshotSeries> snapshot_series(const AnalysisContext& context);

}  // namespace hopscope::core::analysis
