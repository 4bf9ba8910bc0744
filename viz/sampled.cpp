#include "viz/sampled.h"

#include <algorithm>
#include <cmath>

namespace hopscope::viz {
namespace {

template <class Number>
SampledMean mean_of_finite(std::span<const Number> values) {
    SampledMean out;
    double sum = 0;
    for (const Number v : values)
        if (std::isfinite(v)) sum += static_cast<double>(v), ++out.n;
    if (out.n == 0) return out;
    const auto n = static_cast<double>(out.n);
    out.mean = sum / n;
    if (out.n < 2) return out;
    double squares = 0;
    for (const Number v : values)
        if (std::isfinite(v)) squares += std::pow(static_cast<double>(v) - out.mean, 2);
    const double half = kNormal95 * std::sqrt(squares / (n - 1) / n);
    out.ci95 = {out.mean - half, out.mean + half};
    return out;
}

}  // namespace

Interval wilson_interval(double found, double n) {
    if (!(n >= 1) || !std::isfinite(n) || !std::isfinite(found)) return {};
    const double z2 = kNormal95 * kNormal95, p = found / n;
    const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
    const double half = kNormal95 * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
    return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

SampledMean sampled_mean(std::span<const double> values) {
    return mean_of_finite(values);
}

SampledMean sampled_mean(std::span<const float> values) {
    return mean_of_finite(values);
}

}  // namespace hopscope::viz
