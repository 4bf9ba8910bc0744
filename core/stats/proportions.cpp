#include "core/stats/proportions.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "core/stats/distributions.h"

namespace hopscope::core::stats {
namespace {

void require_counts(std::initializer_list<int64_t> counts) {
    for (const int64_t count : counts)
        if (count < 0) throw std::invalid_argument("a count is negative");
}

/// Two-sided p of k against n − k under equal odds.
double even_odds_p(int64_t k, int64_t n) {
    return n == 0 ? 1 : std::min(1.0, 2 * binomial_cdf(std::min(k, n - k), n, 0.5));
}

Interval around(double centre, double standard_error, double level) {
    const double half = normal_quantile((1 + level) / 2) * standard_error;
    return {centre - half, centre + half};
}

/// One-sided p of an estimate that lies `inside` a bound; without spread its side decides.
double beyond(double inside, double standard_error) {
    if (standard_error > 0) return normal_cdf(-inside / standard_error);
    return inside > 0 ? 0 : (inside < 0 ? 1 : 0.5);
}

}  // namespace

McNemar mcnemar(int64_t only_a, int64_t only_b) {
    require_counts({only_a, only_b});
    return {only_a, only_b, even_odds_p(only_a, only_a + only_b)};
}

PairedProportions paired_proportions_tost(int64_t only_a, int64_t only_b, int64_t n,
                                          double margin) {
    require_counts({only_a, only_b, n});
    if (only_a + only_b > n) throw std::invalid_argument("more discordant pairs than pairs");
    PairedProportions out;
    out.n = n;
    if (n == 0) return out;
    const auto items = static_cast<double>(n), both = static_cast<double>(only_a + only_b),
               net = static_cast<double>(only_a - only_b);
    out.difference = net / items;
    out.standard_error = std::sqrt(std::max(0.0, both - net * net / items)) / items;
    if (only_a + only_b == 0) {
        // No spread to judge by: a share of discordant pairs of which none was seen among n is,
        // with confidence 1 − α, at most 1 − α^(1/n), and bounds the difference on either side.
        const auto bound = [&](double alpha) { return 1 - std::pow(alpha, 1 / items); };
        out.ci90 = {-bound(0.05), bound(0.05)};
        out.ci95 = {-bound(0.025), bound(0.025)};
        out.p = std::pow(1 - std::clamp(margin, 0.0, 1.0), items);
        out.equivalent = out.ci90.within(margin);
        return out;
    }
    out.ci90 = around(out.difference, out.standard_error, 0.90);
    out.ci95 = around(out.difference, out.standard_error, 0.95);
    out.p = std::max(beyond(margin + out.difference, out.standard_error),
                     beyond(margin - out.difference, out.standard_error));
    out.equivalent = out.ci90.within(margin);
    return out;
}

Interval share_ci95(int64_t k, int64_t n) {
    require_counts({k, n - k});
    if (n == 0) return {kNaN, kNaN};
    const auto found = static_cast<double>(k), rest = static_cast<double>(n - k);
    return {k == 0 ? 0 : beta_quantile(0.025, found, rest + 1),
            k == n ? 1 : beta_quantile(0.975, found + 1, rest)};
}

double fisher_exact(const Table2& t) {
    require_counts({t.a, t.b, t.c, t.d});
    const int64_t row = t.a + t.b, column = t.a + t.c, n = row + t.c + t.d;
    const int64_t least = std::max<int64_t>(0, row + column - n), most = std::min(row, column);
    if (least == most) return 1;
    // Probabilities relative to that of the mode, from it to both sides by the ratio of neighbours:
    // exact to rounding where factorials would overflow or cancel.
    const auto ratio = [&](int64_t k) {  // P(k + 1) / P(k)
        return static_cast<double>(row - k) / static_cast<double>(k + 1) *
               static_cast<double>(column - k) / static_cast<double>(n - row - column + k + 1);
    };
    std::vector<double> weight(static_cast<size_t>(most - least + 1));
    const auto mode = std::clamp(
        static_cast<int64_t>(static_cast<double>(row + 1) * static_cast<double>(column + 1) /
                             static_cast<double>(n + 2)),
        least, most);
    weight[static_cast<size_t>(mode - least)] = 1;
    for (int64_t k = mode; k < most; ++k)
        weight[static_cast<size_t>(k + 1 - least)] =
            weight[static_cast<size_t>(k - least)] * ratio(k);
    for (int64_t k = mode; k > least; --k)
        weight[static_cast<size_t>(k - 1 - least)] =
            weight[static_cast<size_t>(k - least)] / ratio(k - 1);
    // Tables that are equally probable differ by rounding.
    const double bound = weight[static_cast<size_t>(t.a - least)] * (1 + 1e-9);
    // Small terms first.
    std::sort(weight.begin(), weight.end());
    double total = 0, rare = 0;
    for (const double w : weight) {
        total += w;
        if (w <= bound) rare = total;
    }
    return std::min(1.0, rare / total);
}

OddsRatio odds_ratio(const Table2& t) {
    require_counts({t.a, t.b, t.c, t.d});
    const auto cell = [](int64_t count) { return static_cast<double>(count) + 0.5; };
    const double a = cell(t.a), b = cell(t.b), c = cell(t.c), d = cell(t.d);
    const double log_ratio = std::log(a) + std::log(d) - std::log(b) - std::log(c);
    const Interval log_ci = around(log_ratio, std::sqrt(1 / a + 1 / b + 1 / c + 1 / d), 0.95);
    return {std::exp(log_ratio), {std::exp(log_ci.low), std::exp(log_ci.high)}};
}

SignTest sign_test(int64_t positive, int64_t negative) {
    require_counts({positive, negative});
    const int64_t n = positive + negative;
    SignTest out{positive, negative, even_odds_p(positive, n), kNaN, {}};
    if (n == 0) return out;
    out.share = static_cast<double>(positive) / static_cast<double>(n);
    out.ci95 = share_ci95(positive, n);
    return out;
}

SignTest sign_test(Numbers x) {
    const auto positive = std::count_if(x.begin(), x.end(), [](double v) { return v > 0; });
    const auto negative = std::count_if(x.begin(), x.end(), [](double v) { return v < 0; });
    return sign_test(positive, negative);
}

}  // namespace hopscope::core::stats
