#include "core/stats/permutation.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/base/random.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::stats {
namespace {

/// Shares and moments of the null. Values that differ from the observed one by rounding alone count
/// as equal to it.
void judge(Permutation& out, std::vector<double> null) {
    out.resamples = static_cast<int64_t>(null.size());
    if (null.empty() || !std::isfinite(out.observed)) return;
    const double slack = 1e-12 * std::max(1e-300, std::fabs(out.observed));
    const auto count = [&](auto&& test) {
        const auto hits = static_cast<double>(std::count_if(null.begin(), null.end(), test));
        return (hits + 1) / (static_cast<double>(null.size()) + 1);
    };
    out.p_greater = count([&](double v) { return v >= out.observed - slack; });
    out.p_less = count([&](double v) { return v <= out.observed + slack; });
    out.p = std::min(1.0, 2 * std::min(out.p_greater, out.p_less));
    out.null_mean = mean(null);
    out.null_std = sample_std(null);
    std::sort(null.begin(), null.end());
    out.null95 = {quantile_of_sorted(null, 0.025), quantile_of_sorted(null, 0.975)};
}

void require(const PermutationOptions& options) {
    if (options.resamples < 1) throw std::invalid_argument("permutation: no resamples");
}

}  // namespace

Permutation permute_labels(std::span<const int32_t> labels,
                           const std::function<double(std::span<const int32_t>)>& statistic,
                           const PermutationOptions& options) {
    require(options);
    Permutation out;
    out.n = static_cast<int64_t>(labels.size());
    if (labels.empty()) return out;
    out.observed = statistic(labels);
    std::vector<int32_t> moved(labels.begin(), labels.end());
    Random random(options.seed);
    std::vector<double> null;
    for (int64_t r = 0; r < options.resamples; ++r) {
        for (size_t i = 0; i < moved.size(); ++i)
            std::swap(moved[i], moved[i + random.below(moved.size() - i)]);
        null.push_back(statistic(moved));
    }
    judge(out, std::move(null));
    return out;
}

}  // namespace hopscope::core::stats
