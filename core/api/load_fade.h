// How fast the load of an expert, as snapshots show it (LayerGeometry::load), forgets: known to
// what counts it (core/train/recent_load.h) and to whoever reads from it for how long an expert had
// no token. A constant, any thread.
#pragma once

namespace hopscope::core {

/// Weight of the past at each update: a mean over the last ten or so.
inline constexpr double kLoadKept = 0.9;

}  // namespace hopscope::core
