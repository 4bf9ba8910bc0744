#include "core/stats/overlap.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace hopscope::core::stats {
namespace {

/// ln of the binomial coefficient.
double log_choose(int64_t n, int64_t k) {
    return std::lgamma(static_cast<double>(n) + 1) - std::lgamma(static_cast<double>(k) + 1) -
           std::lgamma(static_cast<double>(n - k) + 1);
}

}  // namespace

std::vector<double> overlap_distribution(int64_t population, int64_t marked, int64_t drawn) {
    if (marked < 0 || drawn < 0 || marked > population || drawn > population)
        throw std::invalid_argument("overlap_distribution: a set larger than its population");
    std::vector<double> out(static_cast<size_t>(std::min(marked, drawn)) + 1, 0.0);
    double sum = 0;
    for (int64_t h = std::max<int64_t>(0, drawn - (population - marked));
         h < static_cast<int64_t>(out.size()); ++h) {
        auto& p = out[static_cast<size_t>(h)];
        p = std::exp(log_choose(marked, h) + log_choose(population - marked, drawn - h) -
                     log_choose(population, drawn));
        sum += p;
    }
    for (double& p : out) p /= sum;  // takes away what lgamma rounds
    return out;
}

double expected_best(const std::vector<double>& distribution, int64_t draws,
                     const std::function<double(int64_t)>& f) {
    double out = 0, below = 0, cumulative = 0;
    for (size_t h = 0; h < distribution.size(); ++h) {
        cumulative = h + 1 == distribution.size() ? 1.0 : cumulative + distribution[h];
        // All draws at most h, but not all below it.
        const double at_most = std::pow(cumulative, static_cast<double>(draws));
        out += f(static_cast<int64_t>(h)) * (at_most - below);
        below = at_most;
    }
    return out;
}

}  // namespace hopscope::core::stats
