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

std::vector<double> running_mean(std::span<const double> ys, size_t window) {
    window = std::max<size_t>(window, 1);
    std::vector<double> out(ys.size(), kMissing);
    // Adding and removing drifts by rounding; starting the sum anew once a window keeps it exact
    // enough at constant cost a value.
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < ys.size(); ++i) {
        if (i % window == 0) {
            sum = 0;
            count = 0;
            for (size_t j = i >= window ? i - window + 1 : 0; j < i; ++j) {
                if (!std::isfinite(ys[j])) continue;
                sum += ys[j];
                ++count;
            }
        } else if (i >= window && std::isfinite(ys[i - window])) {
            sum -= ys[i - window];
            --count;
        }
        if (!std::isfinite(ys[i])) continue;
        sum += ys[i];
        ++count;
        out[i] = sum / static_cast<double>(count);
    }
    return out;
}

}  // namespace hopscope::viz
