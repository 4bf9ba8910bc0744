// Where one curve of a race overtakes another: by step (and so by tokens, which are equal in a
// race) or by seconds of training. Pure functions on plain arrays, used by the trainer for
// race.json and by the curves for their marks; any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace hopscope::core {

/// Weight of the past in "loss (smoothed)", as the curves have it.
inline constexpr double kRaceSmoothing = 0.95;

/// One quantity of one run in the order of training, lower is better.
struct RaceCurve {
    std::vector<int64_t> steps;   ///< rising
    std::vector<int64_t> tokens;  ///< seen by then
    std::vector<double> seconds;  ///< of training by then, rising
    std::vector<double> values;
};

/// A change of order between curves a and b.
struct Crossing {
    bool a_ahead = false;                 ///< from here on a is lower
    double seconds = 0;                   ///< crossings_by_seconds only
    int64_t a_step = 0, b_step = 0;       ///< updates done by each; equal for crossings_by_step
    int64_t tokens = 0;                   ///< crossings_by_step only
    double a_seconds = 0, b_seconds = 0;  ///< crossings_by_step only
};

/// Compares the values of equal steps. A crossing is the first step at which the order is another
/// than it was; equal values and values that are not finite change nothing.
std::vector<Crossing> crossings_by_step(const RaceCurve& a, const RaceCurve& b);

/// Compares at every time at which one of the curves has a value and both have begun and not yet
/// ended, the other curve interpolated linearly.
std::vector<Crossing> crossings_by_seconds(const RaceCurve& a, const RaceCurve& b);

/// The curve with its values replaced by their exponential mean, without the bias of its beginning
/// (the weights of the values so far sum to 1).
RaceCurve smoothed(const RaceCurve& curve, double weight = kRaceSmoothing);

}  // namespace hopscope::core
