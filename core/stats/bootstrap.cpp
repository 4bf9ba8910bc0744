#include "core/stats/bootstrap.h"

#include <algorithm>
#include <stdexcept>

#include "core/base/random.h"
#include "core/base/shares.h"
#include "core/stats/descriptive.h"

namespace hopscope::core::stats {
namespace {

/// Fills `resamples` values from `draw` and sorts them.
template <class Draw>
void fill(Bootstrap& out, const BootstrapOptions& options, const Draw& draw) {
    if (options.resamples < 1) throw std::invalid_argument("bootstrap: no resamples");
    Random random(options.seed);
    out.values.resize(static_cast<size_t>(options.resamples));
    for (double& value : out.values) value = draw(random);
    if (!all_finite(out.values)) {
        out.values.clear();
        return;
    }
    std::sort(out.values.begin(), out.values.end());
}

double drawn_mean(Numbers x, Random& random) {
    double total = 0;
    for (size_t i = 0; i < x.size(); ++i) total += x[random.below(x.size())];
    return total / static_cast<double>(x.size());
}

double ratio(const RatioUnits& units) {
    double sum = 0, count = 0;
    for (size_t i = 0; i < units.sums.size(); ++i) {
        sum += units.sums[i];
        count += units.counts[i];
    }
    return sum / count;
}

double drawn_ratio(const RatioUnits& units, Random& random) {
    double sum = 0, count = 0;
    for (size_t i = 0; i < units.sums.size(); ++i) {
        const uint64_t drawn = random.below(units.sums.size());
        sum += units.sums[drawn];
        count += units.counts[drawn];
    }
    return sum / count;
}

bool usable(const RatioUnits& units) {
    if (units.sums.size() != units.counts.size())
        throw std::invalid_argument("bootstrap_ratio: lengths differ");
    return units.sums.size() >= 2 && all_finite(units.sums) && all_finite(units.counts);
}

double grand_mean(const SeedLosses& seeds) {
    double total = 0;
    for (const auto& batches : seeds) total += mean(batches);
    return total / static_cast<double>(seeds.size());
}

bool usable(const SeedLosses& seeds) {
    return seeds.size() >= 2 && std::all_of(seeds.begin(), seeds.end(), [](const auto& batches) {
               return !batches.empty() && all_finite(batches);
           });
}

double drawn_grand_mean(const SeedLosses& seeds, std::span<const uint64_t> shared, Random& random) {
    double total = 0;
    for (size_t s = 0; s < seeds.size(); ++s) {
        const auto& batches = seeds[random.below(seeds.size())];
        if (shared.empty()) {
            total += drawn_mean(batches, random);
            continue;
        }
        double sum = 0;
        for (const uint64_t i : shared) sum += batches[i];
        total += sum / static_cast<double>(shared.size());
    }
    return total / static_cast<double>(seeds.size());
}

}  // namespace

Interval Bootstrap::interval(double level) const {
    return {quantile_of_sorted(values, (1 - level) / 2),
            quantile_of_sorted(values, (1 + level) / 2)};
}

double Bootstrap::share_at_most(double x) const {
    return core::share_at_most(values, x);
}

double Bootstrap::share_at_least(double x) const {
    return core::share_at_least(values, x);
}

double Bootstrap::p_value(double x) const {
    return values.empty() ? kNaN : std::min(1.0, 2 * std::min(share_at_most(x), share_at_least(x)));
}

Bootstrap bootstrap_mean(Numbers x, const BootstrapOptions& options) {
    Bootstrap out{static_cast<int64_t>(x.size()), mean(x), {}};
    if (x.size() < 2 || !all_finite(x)) return out;
    fill(out, options, [&](Random& random) { return drawn_mean(x, random); });
    return out;
}

Bootstrap bootstrap_paired(Numbers a, Numbers b, const BootstrapOptions& options) {
    if (a.size() != b.size()) throw std::invalid_argument("bootstrap_paired: lengths differ");
    std::vector<double> difference(a.size());
    for (size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b[i];
    return bootstrap_mean(difference, options);
}

Bootstrap bootstrap_unpaired(Numbers a, Numbers b, const BootstrapOptions& options) {
    Bootstrap out{static_cast<int64_t>(std::min(a.size(), b.size())), mean(a) - mean(b), {}};
    if (out.n < 2 || !all_finite(a) || !all_finite(b)) return out;
    fill(out, options, [&](Random& random) {
        const double of_a = drawn_mean(a, random);
        return of_a - drawn_mean(b, random);
    });
    return out;
}

Bootstrap bootstrap_blocks(Numbers x, int64_t block, const BootstrapOptions& options) {
    if (block < 1) throw std::invalid_argument("bootstrap_blocks: block below 1");
    const auto n = static_cast<int64_t>(x.size());
    Bootstrap out{n, mean(x), {}};
    if (n < 2 || block > n / 2 || !all_finite(x)) return out;
    // A block's sum is a difference of two running sums.
    std::vector<double> running(x.size() + 1, 0.0);
    for (size_t i = 0; i < x.size(); ++i) running[i + 1] = running[i] + x[i];
    fill(out, options, [&](Random& random) {
        double total = 0;
        for (int64_t have = 0; have < n; have += block) {
            const int64_t length = std::min(block, n - have);
            const auto start = random.below(static_cast<uint64_t>(n - block + 1));
            total += running[start + static_cast<uint64_t>(length)] - running[start];
        }
        return total / static_cast<double>(n);
    });
    return out;
}

Bootstrap bootstrap_hierarchical(const SeedLosses& a, const SeedLosses& b, bool shared_batches,
                                 const BootstrapOptions& options) {
    Bootstrap out{static_cast<int64_t>(std::min(a.size(), b.size())), kNaN, {}};
    if (!usable(a) || !usable(b)) return out;
    out.estimate = grand_mean(a) - grand_mean(b);
    const size_t batches = a[0].size();
    if (shared_batches)
        for (const auto* group : {&a, &b})
            for (const auto& losses : *group)
                if (losses.size() != batches)
                    throw std::invalid_argument(
                        "bootstrap_hierarchical: numbers of batches differ");
    std::vector<uint64_t> drawn(shared_batches ? batches : 0);
    fill(out, options, [&](Random& random) {
        for (uint64_t& index : drawn) index = random.below(batches);
        const double of_a = drawn_grand_mean(a, drawn, random);
        return of_a - drawn_grand_mean(b, drawn, random);
    });
    return out;
}

Bootstrap bootstrap_ratio(const RatioUnits& units, const BootstrapOptions& options) {
    Bootstrap out{static_cast<int64_t>(units.sums.size()), kNaN, {}};
    const bool draws = usable(units);
    out.estimate = ratio(units);
    if (draws) fill(out, options, [&](Random& random) { return drawn_ratio(units, random); });
    return out;
}

Bootstrap bootstrap_ratio_difference(const RatioUnits& a, const RatioUnits& b,
                                     const BootstrapOptions& options) {
    Bootstrap out{static_cast<int64_t>(std::min(a.sums.size(), b.sums.size())), kNaN, {}};
    const bool draws = usable(a) && usable(b);
    out.estimate = ratio(a) - ratio(b);
    if (draws)
        fill(out, options, [&](Random& random) {
            const double of_a = drawn_ratio(a, random);
            return of_a - drawn_ratio(b, random);
        });
    return out;
}

Bootstrap bootstrap_statistic(int64_t n,
                              const std::function<double(std::span<const int64_t>)>& statistic,
                              const BootstrapOptions& options) {
    std::vector<int64_t> indices(static_cast<size_t>(std::max<int64_t>(n, 0)));
    for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int64_t>(i);
    Bootstrap out{n, indices.empty() ? kNaN : statistic(indices), {}};
    if (n < 2) return out;
    fill(out, options, [&](Random& random) {
        for (int64_t& index : indices)
            index = static_cast<int64_t>(random.below(static_cast<uint64_t>(n)));
        return statistic(indices);
    });
    return out;
}

Equivalence bootstrap_tost(const Bootstrap& bootstrap, double margin) {
    Equivalence out;
    if (bootstrap.values.empty()) return out;
    out.ci90 = bootstrap.interval(0.90);
    out.ci95 = bootstrap.interval(0.95);
    out.equivalent = out.ci90.within(margin);
    out.p = std::max(bootstrap.share_at_most(-margin), bootstrap.share_at_least(margin));
    out.p_difference = bootstrap.p_value(0);
    // Around a true difference of 0 an estimate m has the interval [m + low, m + high].
    const double low = out.ci90.low - bootstrap.estimate, high = out.ci90.high - bootstrap.estimate;
    const auto& values = bootstrap.values;
    const auto fits = std::count_if(values.begin(), values.end(), [&](double value) {
        const double m = value - bootstrap.estimate;
        return m + low >= -margin && m + high <= margin;
    });
    out.power = static_cast<double>(fits) / static_cast<double>(values.size());
    return out;
}

}  // namespace hopscope::core::stats
