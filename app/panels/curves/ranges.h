// What part of the curves a picture shows: the ranges of its axes, the holes within them, where
// labels find room. Pure functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "app/panels/curves/view.h"

namespace hopscope::app {

struct Range {
    double low = 0, high = 1;
};
/// From the first to the newest value of x, at least one unit wide.
Range x_range(const std::vector<Series>& series);
/// Lowest and highest finite value between `x` bounds, a little widened; on a logarithmic axis
/// positive values only. Without values 0 … 1 (0.1 … 1 on a logarithmic axis).
Range y_range(const std::vector<Series>& series, Range x, bool logarithmic);

/// Up to which distance from 0 a symlog axis is linear: two decades below the largest value between
/// `x` bounds, a power of ten.
double linear_part(const std::vector<Series>& series, Range x);

/// Values that follow each other without one that is finite.
struct Gap {
    double from = 0, to = 0;  ///< places of the first and the last of them
    size_t values = 0;
    bool operator==(const Gap&) const = default;
};
/// Those that have a part between `x` bounds, in order. What is missing before the first value or
/// after the last is none: it was not measured yet.
std::vector<Gap> gaps_in(const Series& series, Range x);
/// "no value from step 60 to 63"
std::string in_words(const Gap& gap, XAxis axis);
/// A place on an axis with its unit, "1,240", "3 min 05 s".
std::string place_in_words(XAxis axis, double x);

/// Tops of labels of one height, [labels], so that none covers another and all lie within `room`
/// as long as they fit there; `wanted` rises.
std::vector<float> stacked(const std::vector<float>& wanted, float height, Range room);

}  // namespace hopscope::app
