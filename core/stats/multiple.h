// Corrections for many tests at once. Pure functions, any thread.
#pragma once

#include <vector>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

/// Benjamini–Hochberg: the smallest false discovery rate at which each hypothesis is rejected, in
/// the order given. NaN stays NaN and is not counted as a test.
std::vector<double> benjamini_hochberg(Numbers p);

}  // namespace hopscope::core::stats
