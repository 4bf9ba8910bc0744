#include "core/stats/line_fit.h"

#include <cmath>

#include "core/stats/descriptive.h"
#include "core/stats/distributions.h"

namespace hopscope::core::stats {

LineFit fit_line(Numbers x, Numbers y) {
    LineFit out;
    out.n = static_cast<int64_t>(x.size());
    if (x.size() < 2 || x.size() != y.size()) return out;
    const double mean_x = mean(x), mean_y = mean(y);
    double xx = 0, xy = 0, yy = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
    }
    if (!(xx > 0)) return out;
    out.slope = xy / xx;
    out.intercept = mean_y - out.slope * mean_x;
    double residual = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        const double off = y[i] - mean_y - out.slope * (x[i] - mean_x);
        residual += off * off;
    }
    if (yy > 0) out.r2 = 1 - residual / yy;
    if (x.size() < 3) return out;
    const auto df = static_cast<double>(x.size()) - 2;
    const double half = t_quantile(0.975, df) * std::sqrt(residual / df / xx);
    out.slope95 = {out.slope - half, out.slope + half};
    return out;
}

}  // namespace hopscope::core::stats
