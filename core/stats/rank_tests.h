// Correlation of ranks. Pure functions, any thread.
#pragma once

#include <cstdint>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

struct Correlation {
    int64_t n = 0;
    double r = kNaN;  ///< NaN where one side is constant or n < 2
    double p = kNaN;  ///< two-sided, t with n − 2 degrees of freedom
    Interval ci95;    ///< by Fisher's z; NaN for n < 4
};
/// Of ranks, equal values sharing the mean of theirs; equal lengths. Its interval uses the standard
/// error √((1 + r²/2) / (n − 3)) of z for ranks (Bonett and Wright).
Correlation spearman(Numbers x, Numbers y);

}  // namespace hopscope::core::stats
