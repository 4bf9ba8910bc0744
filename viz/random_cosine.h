// How alike directions are by chance alone: what the closest pair of many is to be held against.
// Pure functions, any thread.
#pragma once

#include <cstdint>

namespace hopscope::viz {

/// The largest cosine of any two of `rows` random directions: median, and the range that holds it
/// in 95 % of all draws [def:closest_pair]. NaN below two rows or without a width.
struct LargestCosine {
    double low = 0, median = 0, high = 0;
};
/// Some milliseconds.
LargestCosine largest_random_cosine(int64_t rows, int64_t width);

}  // namespace hopscope::viz
