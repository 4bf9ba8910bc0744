// What changed in the routing between two geometry snapshots of one run. Pure functions of plain
// data, any thread.
#pragma once

#include <vector>

#include "core/api/snapshot.h"

namespace hopscope::core {

/// Of one layer. NaN where the snapshots have nothing to compare (no centroids; other tokens).
struct LayerChange {
    double angle = 0;    ///< mean over experts of the angle between its centroids, degrees
    double changed = 0;  ///< share of the later choices that were not among the earlier ones
    double jaccard = 0;  ///< of the index sets, mean over tokens and hops
};

/// [layers]. Choices are compared token by token and hop by hop on the fixed probe sample.
std::vector<LayerChange> snapshot_change(const GeometrySnapshot& from, const GeometrySnapshot& to);

}  // namespace hopscope::core
