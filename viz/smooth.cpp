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

/// Sums from the last whole block's end backwards, and from the present block's begin onwards: what
/// has left the window is in neither, and nothing is ever subtracted.
std::vector<double> running_mean(std::span<const double> ys, size_t window) {
    window = std::max<size_t>(window, 1);
    std::vector<double> out(ys.size(), kMissing);
    std::vector<double> block, tails;  // values of the present block; sums of the one before
    double sum = 0;
    for (size_t i = 0; i < ys.size(); ++i) {
        if (!std::isfinite(ys[i])) continue;
        if (block.size() == window) {
            tails.assign(window, 0);
            double tail = 0;
            for (size_t k = window; k > 0; --k) tails[k - 1] = tail += block[k - 1];
            block.clear();
            sum = 0;
        }
        block.push_back(ys[i]);
        sum += ys[i];
        const bool full = !tails.empty();
        const double before = full && block.size() < window ? tails[block.size()] : 0;
        out[i] = (before + sum) / static_cast<double>(full ? window : block.size());
    }
    return out;
}

}  // namespace hopscope::viz
