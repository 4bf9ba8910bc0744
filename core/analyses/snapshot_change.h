// What changed in the routing between two geometry snapshots of one run. Pure functions of plain
// data, any thread.
#pragma once

#include <vector>

#include "core/api/snapshot.h"

namespace hopscope::core::analysis {

/// Of one layer. Empty lists and NaN where the snapshots have nothing to compare (no centroids;
/// other tokens).
struct LayerChange {
    std::vector<double> angles;   ///< [experts] between an expert's centroids, degrees
    std::vector<double> changed;  ///< [tokens] share of the later choices that are new, over hops
    std::vector<double> jaccard;  ///< [tokens] of the index sets, mean over hops
};

/// [layers]. Choices are compared token by token and hop by hop on the fixed probe sample.
std::vector<LayerChange> snapshot_change(const GeometrySnapshot& from, const GeometrySnapshot& to);

}  // namespace hopscope::core::analysis
