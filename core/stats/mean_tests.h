// Welch's t test, equivalence (TOST) by t, and the exact power of such a test. For few units, such
// as seeds, where a bootstrap has too little to draw from. Pure functions, any thread.
#pragma once

#include <cstdint>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

/// A mean with its spread, as printed in a table: mean ± std over n.
struct Sample {
    double mean = kNaN;
    double std = kNaN;  ///< sample (n − 1)
    int64_t n = 0;
};
Sample summarise(Numbers x);

struct MeanDifference {
    double difference = kNaN, standard_error = kNaN, df = kNaN;
    double t = kNaN;  ///< of "no difference"
    double p = kNaN;  ///< two-sided
    /// Centre ± t quantile × standard error.
    Interval interval(double level) const;
};
/// a − b with unequal variances; both need n ≥ 2. df after Welch–Satterthwaite.
MeanDifference welch(const Sample& a, const Sample& b);
/// Mean of x against 0: with differences, the paired t test.
MeanDifference one_sample(const Sample& x);

struct MeanEquivalence {
    double difference = kNaN, df = kNaN;
    double p_low = kNaN;   ///< of "difference ≤ −margin"
    double p_high = kNaN;  ///< of "difference ≥ margin"
    double p = kNaN;       ///< the larger
    Interval ci90;
    double power = kNaN;      ///< at true difference 0 with these standard error and df
    bool equivalent = false;  ///< ci90 within the closed margin
};
MeanEquivalence t_tost(const MeanDifference& difference, double margin);

/// Probability that TOST at level alpha finds equivalence at true difference 0, when the estimate's
/// standard error is `standard_error` and estimated with df degrees of freedom: the integral over
/// the distribution of the estimated error (exact for one sample, Welch's approximation for two).
double tost_power(double standard_error, double df, double margin, double alpha = 0.05);

}  // namespace hopscope::core::stats
