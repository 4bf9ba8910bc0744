// Smoothing of curves. Missing values stay missing and do not disturb their neighbours. Pure
// functions, any thread.
#pragma once

#include <span>
#include <vector>

namespace hopscope::viz {

/// Exponential moving average, corrected for its start: out_i = Σ_j α^(i−j) y_j / Σ_j α^(i−j) over
/// the values j ≤ i present, so that the first value is itself and a constant stays constant.
/// `alpha` is the weight of the past, clamped to [0, 0.9999]; 0 returns the values unchanged. The
/// exponent counts present values. NaN or infinite in, NaN out. [n] → [n].
std::vector<double> ema(std::span<const double> ys, double alpha);

/// Mean of the newest `window` values present, at least one, up to and with i; of fewer at the
/// start. No value outlives its window, however large it was. NaN or infinite in, NaN out. [n] →
/// [n].
std::vector<double> running_mean(std::span<const double> ys, size_t window);

}  // namespace hopscope::viz
