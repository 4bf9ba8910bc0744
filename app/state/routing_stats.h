// The statistics of the routing that have a curve, one line a layer: their names, units, what they
// are, and where a scalar record holds them. A new one is a name in RoutingStat and a row. Any
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "core/api/needs.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

/// Also the place of the statistic's row and column.
enum class RoutingStat {
    entropy,
    max_prob,
    jaccard,
    load_cv,
    load_max_over_mean,
    load_q10,
    load_q50,
    load_q90,
    dead,
    tau,
    moe_scale,
    coupling,
    collinearity,
    nearest_cosine,
    score_spearman,
    gradient_cosine,
    count
};
inline constexpr size_t kRoutingStats = static_cast<size_t>(RoutingStat::count);

struct RoutingStatRow {
    RoutingStat stat;
    const char* name;
    const char* axis;                   ///< with its unit
    const char* help;                   ///< what is measured, over what
    std::span<const core::Need> needs;  ///< none where every router has it
    float core::LayerScalars::*value;
    /// Recorded where a snapshot is due: the line joins what was measured and is not smoothed.
    bool with_snapshots;
};

/// In the order of RoutingStat.
const std::array<RoutingStatRow, kRoutingStats>& routing_stats();

inline const RoutingStatRow& row_of(RoutingStat stat) {
    return routing_stats()[static_cast<size_t>(stat)];
}

}  // namespace hopscope::app
