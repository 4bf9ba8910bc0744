#include "core/stats/mean_tests.h"

#include <algorithm>
#include <cmath>

#include "core/stats/descriptive.h"
#include "core/stats/distributions.h"

namespace hopscope::core::stats {
namespace {

MeanDifference finish(MeanDifference d) {
    d.t = d.difference / d.standard_error;
    d.p = d.standard_error > 0 ? 2 * t_cdf(-std::fabs(d.t), d.df) : (d.difference == 0 ? 1 : 0);
    return d;
}

/// P(T < t) of an estimate `away` from a bound; without spread it is decided by the sign alone.
double lower_tail(double away, double standard_error, double df) {
    if (standard_error > 0) return t_cdf(away / standard_error, df);
    return away < 0 ? 0 : (away > 0 ? 1 : 0.5);
}

}  // namespace

Sample summarise(Numbers x) {
    return {mean(x), sample_std(x), static_cast<int64_t>(x.size())};
}

Interval MeanDifference::interval(double level) const {
    const double half = t_quantile((1 + level) / 2, df) * standard_error;
    return {difference - half, difference + half};
}

MeanDifference welch(const Sample& a, const Sample& b) {
    MeanDifference d;
    d.difference = a.mean - b.mean;
    if (a.n < 2 || b.n < 2) return d;
    const auto na = static_cast<double>(a.n), nb = static_cast<double>(b.n);
    const double va = a.std * a.std / na, vb = b.std * b.std / nb;
    d.standard_error = std::sqrt(va + vb);
    // Where neither group has any spread every df gives the same answer.
    d.df = va + vb > 0 ? (va + vb) * (va + vb) / (va * va / (na - 1) + vb * vb / (nb - 1))
                       : na + nb - 2;
    return finish(d);
}

MeanDifference one_sample(const Sample& x) {
    MeanDifference d;
    d.difference = x.mean;
    if (x.n < 2) return d;
    d.standard_error = x.std / std::sqrt(static_cast<double>(x.n));
    d.df = static_cast<double>(x.n - 1);
    return finish(d);
}

MeanEquivalence t_tost(const MeanDifference& d, double margin) {
    MeanEquivalence out;
    out.difference = d.difference;
    out.df = d.df;
    if (!(d.standard_error >= 0)) return out;
    out.p_low = lower_tail(-(d.difference + margin), d.standard_error, d.df);
    out.p_high = lower_tail(d.difference - margin, d.standard_error, d.df);
    out.p = std::max(out.p_low, out.p_high);
    out.ci90 = d.interval(0.90);
    out.equivalent = out.ci90.within(margin);
    out.power = tost_power(d.standard_error, d.df, margin);
    return out;
}

double tost_power(double standard_error, double df, double margin, double alpha) {
    if (!(standard_error >= 0) || !(df > 0) || !(margin >= 0)) return kNaN;
    if (standard_error == 0) return 1;
    const double critical = t_quantile(1 - alpha, df);
    // With ratio r = estimated / true error, the test passes where |estimate| ≤ margin − critical ·
    // r · error; df · r² is χ². Simpson's rule over χ² on a square-root axis, where the integrand
    // has no pole at 0 for any df ≥ 1; beyond r_max no estimate passes.
    const double r_max = margin / (critical * standard_error);
    const double end = std::min(r_max, 1 + 12 / std::sqrt(df));
    constexpr int kSteps = 4000;
    const double h = end / kSteps;
    double total = 0;
    for (int i = 0; i <= kSteps; ++i) {
        const double r = h * i;
        double f = 0;
        if (i > 0) {
            const double pass =
                2 * normal_cdf((margin - critical * r * standard_error) / standard_error) - 1;
            f = pass * chi_square_pdf(df * r * r, df) * 2 * df * r;
        } else if (df == 1) {
            f = (2 * normal_cdf(margin / standard_error) - 1) * std::sqrt(2 / M_PI);
        }
        total += f * (i == 0 || i == kSteps ? 1 : (i % 2 == 1 ? 4 : 2));
    }
    return std::clamp(total * h / 3, 0.0, 1.0);
}

}  // namespace hopscope::core::stats
