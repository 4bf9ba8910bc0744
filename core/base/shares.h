// How much of a rising list of numbers lies on one side of a value, with one more counted than
// there are, so that no share is 0: the p of resampled statistics [def:bootstrap]. Pure functions,
// any thread.
#pragma once

#include <algorithm>
#include <limits>
#include <span>

namespace hopscope::core {

/// (numbers ≤ x, and one) / (all, and one); NaN of none.
inline double share_at_most(std::span<const double> rising, double x) {
    if (rising.empty()) return std::numeric_limits<double>::quiet_NaN();
    const auto count = std::upper_bound(rising.begin(), rising.end(), x) - rising.begin();
    return static_cast<double>(count + 1) / static_cast<double>(rising.size() + 1);
}

/// The same of numbers ≥ x.
inline double share_at_least(std::span<const double> rising, double x) {
    if (rising.empty()) return std::numeric_limits<double>::quiet_NaN();
    const auto count = rising.end() - std::lower_bound(rising.begin(), rising.end(), x);
    return static_cast<double>(count + 1) / static_cast<double>(rising.size() + 1);
}

}  // namespace hopscope::core
