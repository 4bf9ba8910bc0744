#include "core/lab/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hopscope::core::lab {

// Finite numbers alone: of NaN none would be kept, and there would be no last one.
size_t pick_token(const std::vector<float>& log_p, const Sampling& sampling, double draw) {
    const auto top = std::max_element(log_p.begin(), log_p.end());
    if (sampling.temperature <= 0) return static_cast<size_t>(top - log_p.begin());
    std::vector<size_t> order(log_p.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return log_p[a] > log_p[b]; });
    std::vector<double> weight;
    double all = 0;
    for (const size_t i : order) {
        weight.push_back(std::exp((double{log_p[i]} - double{*top}) / sampling.temperature));
        all += weight.back();
    }
    double kept = 0;
    size_t count = 0;
    while (count < order.size() && kept < sampling.top_p * all) kept += weight[count++];
    double left = draw * kept;
    for (size_t i = 0; i < count; ++i) {
        if (left < weight[i]) return order[i];
        left -= weight[i];
    }
    return order[count - 1];  // rounding
}

}  // namespace hopscope::core::lab
