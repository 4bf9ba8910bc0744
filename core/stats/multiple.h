// Corrections for many tests at once. Pure functions, any thread.
#pragma once

#include <vector>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

/// Holm: p so corrected that the chance of even one false rejection among all tests stays below the
/// level, whatever depends on what; in the order given, at most 1. NaN as below.
std::vector<double> holm(Numbers p);

/// Benjamini–Hochberg: the smallest false discovery rate at which each hypothesis is rejected, in
/// the order given. NaN stays NaN and is not counted as a test.
std::vector<double> benjamini_hochberg(Numbers p);

}  // namespace hopscope::core::stats
