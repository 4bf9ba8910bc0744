// The straight line of least squares with the t interval of its slope. Pure functions, any thread.
#pragma once

#include <cstdint>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

struct LineFit {
    double slope = kNaN, intercept = kNaN;
    Interval slope95;  ///< t quantile with n − 2 degrees of freedom; NaN for n < 3
    double r2 = kNaN;  ///< 1 − residual / total sum of squares; NaN where y does not vary
    int64_t n = 0;
};
/// Both [n], of the same length. All but n is NaN for fewer than two points or where x does not
/// vary.
LineFit fit_line(Numbers x, Numbers y);

}  // namespace hopscope::core::stats
