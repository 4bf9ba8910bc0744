#include "viz/smooth.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hopscope::viz {
namespace {
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> ema(std::span<const double> ys, double alpha) {
    alpha = std::isfinite(alpha) ? std::clamp(alpha, 0.0, 0.9999) : 0.0;
    std::vector<double> out(ys.size(), kMissing);
    double sum = 0, weight = 0;
    for (size_t i = 0; i < ys.size(); ++i) {
        if (!std::isfinite(ys[i])) continue;
        sum = alpha * sum + ys[i];
        weight = alpha * weight + 1;
        out[i] = sum / weight;
    }
    return out;
}

}  // namespace hopscope::viz
