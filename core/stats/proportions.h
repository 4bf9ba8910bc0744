// Tests on counts: paired right/wrong answers (McNemar, equivalence), 2 × 2 tables (Fisher, odds
// ratio, χ²) and the sign test. Pure functions, any thread; negative counts are programming faults.
#pragma once

#include <cstdint>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

/// Items that only a, or only b, answered right; exact two-sided binomial p on these [def:mcnemar].
/// p is 1 without any.
struct McNemar {
    int64_t only_a = 0, only_b = 0;
    double p = kNaN;
};
McNemar mcnemar(int64_t only_a, int64_t only_b);

/// Accuracy of a − accuracy of b over the same n items, against a margin. Normal interval with the
/// variance of the paired differences, (only_a + only_b − (only_a − only_b)² / n) / n². Without any
/// discordant pair that variance is 0 and says nothing: the exact bound on their share stands in.
struct PairedProportions {
    int64_t n = 0;
    double difference = kNaN, standard_error = kNaN;
    double p = kNaN;  ///< the larger one-sided TOST p
    Interval ci90, ci95;
    bool equivalent = false;  ///< ci90 within the closed margin
};
PairedProportions paired_proportions_tost(int64_t only_a, int64_t only_b, int64_t n, double margin);

/// Exact 95 % interval (Clopper–Pearson) of a share, of which k of n were found; NaN for n = 0.
Interval share_ci95(int64_t k, int64_t n);

/// [[a, b], [c, d]]: rows are groups, columns yes and no.
struct Table2 {
    int64_t a = 0, b = 0, c = 0, d = 0;
};
/// Two-sided: all tables with these margins that are no more probable than the one found.
double fisher_exact(const Table2& table);

/// (a d) / (b c) with 0.5 added to each cell (Haldane) [def:grammar]; 95 % interval by the normal
/// approximation of its logarithm.
struct OddsRatio {
    double ratio = kNaN;
    Interval ci95;
};
OddsRatio odds_ratio(const Table2& table);

/// Exact two-sided binomial test of "half are positive"; zeros are left out.
struct SignTest {
    int64_t positive = 0, negative = 0;
    double p = kNaN;
    double share = kNaN;  ///< positive / (positive + negative)
    Interval ci95;        ///< of the share, Clopper–Pearson
};
SignTest sign_test(Numbers x);
SignTest sign_test(int64_t positive, int64_t negative);

}  // namespace hopscope::core::stats
