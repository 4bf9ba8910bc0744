// What every result of core/stats shares: a view of numbers and an interval. Plain values, any
// thread. Undefined results (too few numbers, a number that is not finite) are NaN, never an
// exception; sizes that must agree and do not are programming faults (std::invalid_argument).
#pragma once

#include <limits>
#include <span>

namespace hopscope::core::stats {

using Numbers = std::span<const double>;

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Interval {
    double low = kNaN, high = kNaN;

    double width() const { return high - low; }
    /// Whether all of it lies in the closed interval [−margin, +margin] [def:tost]; false
    /// where it is undefined. Decided on unrounded values.
    bool within(double margin) const { return low >= -margin && high <= margin; }
    bool contains(double x) const { return low <= x && x <= high; }
    bool operator==(const Interval&) const = default;
};

}  // namespace hopscope::core::stats
