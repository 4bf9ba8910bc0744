#include "core/stats/descriptive.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hopscope::core::stats {
namespace {

double sum(Numbers x) {
    return std::accumulate(x.begin(), x.end(), 0.0);
}

double squared_deviations(Numbers x) {
    const double centre = mean(x);
    double total = 0;
    for (const double v : x) total += (v - centre) * (v - centre);
    return total;
}

}  // namespace

double mean(Numbers x) {
    return x.empty() ? kNaN : sum(x) / static_cast<double>(x.size());
}

double sample_variance(Numbers x) {
    return x.size() < 2 ? kNaN : squared_deviations(x) / static_cast<double>(x.size() - 1);
}

double sample_std(Numbers x) {
    return std::sqrt(sample_variance(x));
}

double quantile_of_sorted(Numbers sorted, double p) {
    if (sorted.empty() || !(p >= 0 && p <= 1)) return kNaN;
    const double place = p * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<size_t>(place);
    const double part = place - static_cast<double>(below);
    if (part == 0) return sorted[below];
    return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

bool all_finite(Numbers x) {
    return std::all_of(x.begin(), x.end(), [](double v) { return std::isfinite(v); });
}

double quantile(Numbers x, double p) {
    std::vector<double> sorted(x.begin(), x.end());
    // NaN has no place in an order.
    if (std::any_of(sorted.begin(), sorted.end(), [](double v) { return std::isnan(v); }))
        return kNaN;
    std::sort(sorted.begin(), sorted.end());
    return quantile_of_sorted(sorted, p);
}

double median(Numbers x) {
    return quantile(x, 0.5);
}

std::vector<double> ranks(Numbers x) {
    std::vector<size_t> order(x.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::sort(order.begin(), order.end(), [&](size_t i, size_t j) { return x[i] < x[j]; });
    std::vector<double> out(x.size());
    for (size_t first = 0; first < order.size();) {
        size_t last = first + 1;
        while (last < order.size() && x[order[last]] == x[order[first]]) ++last;
        // The mean of ranks first + 1 … last.
        const double shared = 0.5 * static_cast<double>(first + 1 + last);
        for (; first < last; ++first) out[order[first]] = shared;
    }
    return out;
}

double gini(Numbers counts) {
    std::vector<double> sorted(counts.begin(), counts.end());
    if (!all_finite(sorted)) return kNaN;
    std::sort(sorted.begin(), sorted.end());
    const auto n = static_cast<double>(sorted.size());
    double weighted = 0, total = 0;
    for (size_t i = 0; i < sorted.size(); ++i) {
        weighted += (2.0 * static_cast<double>(i + 1) - n - 1.0) * sorted[i];
        total += sorted[i];
    }
    return total > 0 ? weighted / (n * total) : kNaN;
}

double entropy(Numbers counts) {
    const double total = sum(counts);
    if (!(total > 0)) return kNaN;
    double out = 0;
    for (const double c : counts)
        if (c > 0) out -= c / total * std::log(c / total);
    return out;
}

double effective_number(Numbers counts) {
    return std::exp(entropy(counts));
}

double effective_rank(Numbers singular_values) {
    std::vector<double> energy(singular_values.begin(), singular_values.end());
    for (double& v : energy) v *= v;
    return effective_number(energy);
}

double coefficient_of_variation(Numbers x) {
    if (x.empty()) return kNaN;
    return std::sqrt(squared_deviations(x) / static_cast<double>(x.size())) / mean(x);
}

}  // namespace hopscope::core::stats
