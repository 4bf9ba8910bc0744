#include "viz/random_cosine.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace hopscope::viz {
namespace {

constexpr int kParts = 2000;  ///< of an integral

/// ∫ sin^power from 0 to `angle`, by Simpson's rule.
double sine_integral(double angle, double power) {
    const double step = angle / kParts;
    double sum = 0;
    for (int i = 0; i <= kParts; ++i) {
        const double weight = i == 0 || i == kParts ? 1 : i % 2 == 1 ? 4 : 2;
        sum += weight * std::pow(std::sin(step * i), power);
    }
    return sum * step / 3;
}

/// The cosine that a share `tail` of all pairs of random directions exceeds.
double cosine_above(double tail, double power, double whole) {
    double low = 0, high = std::numbers::pi;
    for (int i = 0; i < 48; ++i) {
        const double angle = (low + high) / 2;
        (sine_integral(angle, power) < tail * whole ? low : high) = angle;
    }
    return std::cos((low + high) / 2);
}

}  // namespace

LargestCosine largest_random_cosine(int64_t rows, int64_t width) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    if (rows < 2 || width < 1) return {kNone, kNone, kNone};
    // On a line all directions are one or its opposite.
    if (width == 1) return {rows > 2 ? 1.0 : -1.0, 1, 1};
    // The angle of two random directions has the density sin^(width − 2); pairs are independent of
    // each other, two by two, so that the largest of all is below c in F(c)^pairs of all draws.
    const double pairs = static_cast<double>(rows) * static_cast<double>(rows - 1) / 2;
    const double power = static_cast<double>(width - 2);
    const double whole = sine_integral(std::numbers::pi, power);
    const auto quantile = [&](double share) {
        return cosine_above(-std::expm1(std::log(share) / pairs), power, whole);
    };
    return {quantile(0.025), quantile(0.5), quantile(0.975)};
}

}  // namespace hopscope::viz
