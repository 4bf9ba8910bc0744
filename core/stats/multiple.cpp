#include "core/stats/multiple.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace hopscope::core::stats {
namespace {

/// Indices of the tests that exist, by rising p.
std::vector<size_t> by_p(Numbers p) {
    std::vector<size_t> order;
    for (size_t i = 0; i < p.size(); ++i)
        if (!std::isnan(p[i])) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](size_t i, size_t j) { return p[i] < p[j]; });
    return order;
}

}  // namespace

std::vector<double> holm(Numbers p) {
    std::vector<double> out(p.size(), kNaN);
    const auto order = by_p(p);
    double most = 0;
    for (size_t i = 0; i < order.size(); ++i) {
        most = std::max(most, p[order[i]] * static_cast<double>(order.size() - i));
        out[order[i]] = std::min(1.0, most);
    }
    return out;
}

std::vector<double> benjamini_hochberg(Numbers p) {
    std::vector<double> out(p.size(), kNaN);
    const auto order = by_p(p);
    double least = 1;
    for (size_t i = order.size(); i-- > 0;) {
        const double scale = static_cast<double>(order.size()) / static_cast<double>(i + 1);
        out[order[i]] = least = std::min(least, p[order[i]] * scale);
    }
    return out;
}

}  // namespace hopscope::core::stats
