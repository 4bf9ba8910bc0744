// The statistics of the routing that have a curve, one line a layer: their names, units and where a
// scalar record holds them. A new one is a row here. Any thread.
#pragma once

#include <array>
#include <cstddef>

#include "core/api/snapshot.h"

namespace hopscope::app {

/// Also the place of the statistic's row and column.
enum class RoutingStat {
    entropy,
    max_prob,
    jaccard,
    load_cv,
    load_max_over_mean,
    dead,
    tau,
    moe_scale,
    coupling,
    collinearity,
    nearest_cosine,
    score_spearman,
    gradient_cosine
};
inline constexpr size_t kRoutingStats = static_cast<size_t>(RoutingStat::gradient_cosine) + 1;

struct RoutingStatRow {
    RoutingStat stat;
    const char* name;
    const char* axis;  ///< with its unit
    float core::LayerScalars::*value;
    /// Recorded where a snapshot is due: the line joins what was measured and is not smoothed.
    bool with_snapshots;
};
/// In the order of RoutingStat.
extern const std::array<RoutingStatRow, kRoutingStats> kRoutingStatRows;

inline const RoutingStatRow& row_of(RoutingStat stat) {
    return kRoutingStatRows[static_cast<size_t>(stat)];
}

}  // namespace hopscope::app
