#include "core/stats/permutation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
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
        const auto all = static_cast<double>(null.size());
        return out.exact ? hits / all : (hits + 1) / (all + 1);
    };
    out.p_greater = count([&](double v) { return v >= out.observed - slack; });
    out.p_less = count([&](double v) { return v <= out.observed + slack; });
    out.p = std::min(1.0, 2 * std::min(out.p_greater, out.p_less));
    out.null_mean = mean(null);
    out.null_std = sample_std(null);
    std::sort(null.begin(), null.end());
    out.null95 = {quantile_of_sorted(null, 0.025), quantile_of_sorted(null, 0.975)};
}

template <class T>
void shuffle_front(std::vector<T>& items, size_t front, Random& random) {
    for (size_t i = 0; i < front; ++i)
        std::swap(items[i], items[i + random.below(items.size() - i)]);
}

/// C(n, k), or `limit` + 1 where it is larger.
int64_t choices(size_t n, size_t k, int64_t limit) {
    double count = 1;
    for (size_t i = 0; i < std::min(k, n - k); ++i)
        count = count * static_cast<double>(n - i) / static_cast<double>(i + 1);
    return count > static_cast<double>(limit) + 0.5 ? limit + 1 : std::llround(count);
}

void require(const PermutationOptions& options) {
    if (options.resamples < 1) throw std::invalid_argument("permutation: no resamples");
}

}  // namespace

Permutation permute_groups(Numbers a, Numbers b, const PermutationOptions& options) {
    require(options);
    Permutation out;
    out.n = static_cast<int64_t>(a.size() + b.size());
    if (a.empty() || b.empty() || !all_finite(a) || !all_finite(b)) return out;
    out.observed = mean(a) - mean(b);
    std::vector<double> pool(a.begin(), a.end());
    pool.insert(pool.end(), b.begin(), b.end());
    const double total = std::accumulate(pool.begin(), pool.end(), 0.0);
    const auto na = static_cast<double>(a.size()), nb = static_cast<double>(b.size());
    const auto difference = [&](double sum_of_a) {
        return sum_of_a / na - (total - sum_of_a) / nb;
    };
    std::vector<double> null;
    out.exact = choices(pool.size(), a.size(), options.resamples) <= options.resamples;
    if (out.exact) {
        std::vector<char> in_a(pool.size(), 0);
        std::fill_n(in_a.begin(), a.size(), char{1});
        do {
            double sum = 0;
            for (size_t i = 0; i < pool.size(); ++i)
                if (in_a[i]) sum += pool[i];
            null.push_back(difference(sum));
        } while (std::prev_permutation(in_a.begin(), in_a.end()));
    } else {
        Random random(options.seed);
        for (int64_t r = 0; r < options.resamples; ++r) {
            shuffle_front(pool, a.size(), random);
            null.push_back(difference(
                std::accumulate(pool.begin(), pool.begin() + static_cast<int64_t>(a.size()), 0.0)));
        }
    }
    judge(out, std::move(null));
    return out;
}

Permutation permute_signs(Numbers x, const PermutationOptions& options) {
    require(options);
    Permutation out;
    out.n = static_cast<int64_t>(x.size());
    if (x.empty() || !all_finite(x)) return out;
    out.observed = mean(x);
    std::vector<double> null;
    out.exact = x.size() < 40 && (int64_t{1} << x.size()) <= options.resamples;
    const int64_t rounds = out.exact ? int64_t{1} << x.size() : options.resamples;
    Random random(options.seed);
    for (int64_t r = 0; r < rounds; ++r) {
        double sum = 0;
        uint64_t bits = static_cast<uint64_t>(r);
        for (size_t i = 0; i < x.size(); ++i, bits >>= 1) {
            if (!out.exact && i % 64 == 0) bits = random.next();
            sum += bits & 1 ? -x[i] : x[i];
        }
        null.push_back(sum / static_cast<double>(x.size()));
    }
    judge(out, std::move(null));
    return out;
}

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
        shuffle_front(moved, moved.size(), random);
        null.push_back(statistic(moved));
    }
    judge(out, std::move(null));
    return out;
}

}  // namespace hopscope::core::stats
