// Bootstrap of means and of differences of means, percentile intervals, and the equivalence test
// (TOST) that rests on them [def:bootstrap] [def:tost]. Pure functions of data and seed, any
// thread: the same call gives the same bits everywhere.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

struct BootstrapOptions {
    int64_t resamples = 10'000;
    uint64_t seed = 42;
};

/// The resampled values of one statistic. `values` is empty (and everything NaN) where there are
/// fewer than two units to draw, or a number is not finite.
struct Bootstrap {
    int64_t n = 0;               ///< units drawn from: batches, pairs, seeds
    double estimate = kNaN;      ///< of the data as they are
    std::vector<double> values;  ///< rising, one a resample

    /// Percentile interval: the (1 ± level)/2 quantiles (type 7) of the resampled values.
    Interval interval(double level) const;
    /// Shares of resamples, (count + 1) / (resamples + 1), so that none is 0.
    double share_at_most(double x) const;
    double share_at_least(double x) const;
    /// Two-sided p of "the true value is x": twice the smaller share beyond it, at most 1.
    double p_value(double x) const;
};

/// Resamples of mean(x); for paired data give the differences.
Bootstrap bootstrap_mean(Numbers x, const BootstrapOptions& options);
/// a[i] − b[i], resampled together. Equal lengths.
Bootstrap bootstrap_paired(Numbers a, Numbers b, const BootstrapOptions& options);
/// mean(a) − mean(b), each resampled on its own.
Bootstrap bootstrap_unpaired(Numbers a, Numbers b, const BootstrapOptions& options);
/// Moving blocks: ⌈n / block⌉ runs of `block` neighbours, each from a uniformly drawn start, cut to
/// n. Keeps the dependence between neighbours that single draws destroy. Needs n ≥ 2 · block.
Bootstrap bootstrap_blocks(Numbers x, int64_t block, const BootstrapOptions& options);

/// Per-batch losses of several seeds: [seed][batch].
using SeedLosses = std::vector<std::vector<double>>;
/// Mean over a's seeds and batches minus the same of b: each resample draws seeds of a and of b
/// with replacement, then batches. `shared_batches` (all have the same validation batches): one
/// draw of batches serves all seeds, so that the difficulty of a batch cancels as in a paired
/// comparison; otherwise each drawn seed draws its own. Needs two seeds each.
Bootstrap bootstrap_hierarchical(const SeedLosses& a, const SeedLosses& b, bool shared_batches,
                                 const BootstrapOptions& options);

/// What each unit adds to a numerator and to a denominator: tokens of a text that took an expert,
/// and its tokens. Equal lengths.
struct RatioUnits {
    Numbers sums, counts;
};
/// Σ sums / Σ counts over drawn units, so that a long text counts for more than a short one. Give
/// no units of count 0, or few: a draw of nothing but these leaves no interval.
Bootstrap bootstrap_ratio(const RatioUnits& units, const BootstrapOptions& options);
/// The ratio of a − that of b, the units of each drawn on their own; needs two units each.
Bootstrap bootstrap_ratio_difference(const RatioUnits& a, const RatioUnits& b,
                                     const BootstrapOptions& options);

/// Any statistic of drawn units; `statistic` gets n indices.
Bootstrap bootstrap_statistic(int64_t n,
                              const std::function<double(std::span<const int64_t>)>& statistic,
                              const BootstrapOptions& options);

/// Two one-sided tests of |true mean| ≥ margin.
struct Equivalence {
    Interval ci90, ci95;
    double p = kNaN;             ///< the larger of the one-sided shares beyond ∓ margin
    double p_difference = kNaN;  ///< two-sided, of "no difference"
    /// Probability that this rule would find equivalence were the true difference 0, with the
    /// interval's shape as observed: share of resamples, moved to mean 0, whose interval fits.
    double power = kNaN;
    bool equivalent = false;  ///< ci90 within the closed [−margin, +margin], unrounded
};
Equivalence bootstrap_tost(const Bootstrap& bootstrap, double margin);

}  // namespace hopscope::core::stats
