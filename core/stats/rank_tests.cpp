#include "core/stats/rank_tests.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/stats/descriptive.h"
#include "core/stats/distributions.h"

namespace hopscope::core::stats {
namespace {

Correlation correlate(Numbers x, Numbers y) {
    if (x.size() != y.size()) throw std::invalid_argument("correlation: lengths differ");
    Correlation out;
    out.n = static_cast<int64_t>(x.size());
    if (out.n < 2 || !all_finite(x) || !all_finite(y)) return out;
    const double mx = mean(x), my = mean(y);
    double xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    if (!(xx > 0) || !(yy > 0)) return out;
    out.r = std::clamp(xy / std::sqrt(xx) / std::sqrt(yy), -1.0, 1.0);
    const auto n = static_cast<double>(out.n);
    if (out.n > 2) {
        const double room = (1 - out.r) * (1 + out.r);
        out.p = room > 0 ? 2 * t_cdf(-std::fabs(out.r) * std::sqrt((n - 2) / room), n - 2) : 0;
    }
    if (out.n > 3) {
        const double z = std::atanh(out.r);
        const double error = std::sqrt((1 + out.r * out.r / 2) / (n - 3));
        const double half = normal_quantile(0.975) * error;
        out.ci95 = {std::tanh(z - half), std::tanh(z + half)};
    }
    return out;
}

}  // namespace

Correlation spearman(Numbers x, Numbers y) {
    // NaN has no rank.
    if (!all_finite(x) || !all_finite(y)) return correlate(x, y);
    return correlate(ranks(x), ranks(y));
}

}  // namespace hopscope::core::stats
