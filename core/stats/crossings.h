// Where two noisy curves cross: all places, not the first [def:crossings]. Pure functions, any
// thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

struct CrossingOptions {
    /// Half-width of the smoothing in units of x: each curve is replaced, at each place, by the
    /// line of least squares through its points within ± bandwidth, weighted (1 − (distance /
    /// bandwidth)²); a place with fewer than two different x there is left out. 0: no smoothing,
    /// straight lines between the points.
    double bandwidth = 0.1;
    int64_t places = 400;  ///< equally spaced over the common range of x
};

struct Crossing {
    double x = kNaN;  ///< where the smoothed difference is 0, linear between places
    bool a_below_after = false;
    /// Places around it where the difference is within 1.96 standard errors of 0; the errors come
    /// from the scatter of the points about the smoothed curves. {x, x} without smoothing.
    Interval ci95;
    /// The difference leaves its error band on both sides before the next crossing or the end.
    bool clear = false;
};

struct Crossings {
    int64_t n_a = 0, n_b = 0;  ///< points
    Interval range;            ///< x that both curves cover
    std::vector<Crossing> crossings;
};
/// Each curve by rising x; points that are not finite are left out. x: ln(step) for training
/// curves.
Crossings find_crossings(Numbers xa, Numbers ya, Numbers xb, Numbers yb,
                         const CrossingOptions& options);

}  // namespace hopscope::core::stats
