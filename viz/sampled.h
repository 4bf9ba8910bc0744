// What was counted or averaged over a sample, with the interval that belongs to it, in closed form:
// the window makes these while snapshots stream. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

namespace hopscope::viz {

/// The quantile of the normal distribution that bounds 95 % on two sides.
inline constexpr double kNormal95 = 1.959963984540054;

struct Interval {
    double low = std::numeric_limits<double>::quiet_NaN();
    double high = std::numeric_limits<double>::quiet_NaN();
};
/// Wilson's 95 % interval of a share of which `found` of `n` were found [def:wilson]; NaN for n
/// < 1. Neither need be whole: a fading mean counts so many.
Interval wilson_interval(double found, double n);

/// A mean over n units with its 95 % interval [def:mean_interval], NaN below two units.
struct SampledMean {
    double mean = std::numeric_limits<double>::quiet_NaN();
    Interval ci95;
    int64_t n = 0;
    double half() const { return (ci95.high - ci95.low) / 2; }
};
/// Of the values that are finite.
SampledMean sampled_mean(std::span<const double> values);
SampledMean sampled_mean(std::span<const float> values);

}  // namespace hopscope::viz
