#include "app/state/robust_window.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace hopscope::app {
namespace {

constexpr double kOfNormal = 1.4826;  ///< standard deviation of a normal in units of its MAD
constexpr double kLeastSpread = 1e-3;

/// Mean of the middle two of an even number.
double median_of(std::vector<double>& values) {
    const auto half = values.begin() + static_cast<int64_t>(values.size() / 2);
    std::nth_element(values.begin(), half, values.end());
    if (values.size() % 2 == 1) return *half;
    return 0.5 * (*half + *std::max_element(values.begin(), half));
}

}  // namespace

Outlyingness RobustWindow::measure(double value) const {
    Outlyingness out;
    out.n = values_.size();
    if (out.n == 0) return out;
    std::vector<double> values(values_.begin(), values_.end());
    out.median = median_of(values);
    if (out.n < least_) return out;
    for (double& v : values) v = std::fabs(v - out.median);
    const double spread =
        std::max({kOfNormal * median_of(values), kLeastSpread * std::fabs(out.median), 1e-12});
    out.score = (value - out.median) / spread;
    return out;
}

void RobustWindow::add(double value) {
    if (!std::isfinite(value)) return;
    values_.push_back(value);
    if (values_.size() > size_) values_.pop_front();
}

}  // namespace hopscope::app
