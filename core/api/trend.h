// A straight line through few points, as plain values: how y goes with x, and how far that can be
// told [def:sweep_trend]. Made by lab::line_through; any thread.
#pragma once

#include <cstdint>
#include <limits>

namespace hopscope::core {

struct Trend {
    static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    double slope = kNone;                  ///< of y a unit of x
    double low95 = kNone, high95 = kNone;  ///< of the slope; NaN with fewer than three points
    double intercept = kNone;              ///< at x = 0
    double r2 = kNone;                     ///< share of the variance of y
    int64_t n = 0;                         ///< points
    /// Whether the interval of the slope excludes 0.
    bool told() const { return low95 > 0 || high95 < 0; }
};

}  // namespace hopscope::core
