// Summaries of one array: moments, quantiles, ranks, inequality and diversity. Pure functions, any
// thread; an empty array gives NaN.
#pragma once

#include <vector>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

double mean(Numbers x);
/// Sum of squared deviations / (n − 1); NaN for n < 2.
double sample_variance(Numbers x);
double sample_std(Numbers x);

/// Quantile 0 ≤ p ≤ 1 with linear interpolation between order statistics (type 7, as NumPy).
double quantile(Numbers x, double p);
double quantile_of_sorted(Numbers sorted, double p);
double median(Numbers x);
bool all_finite(Numbers x);

/// Ranks from 1; equal values share the mean of theirs.
std::vector<double> ranks(Numbers x);

/// Gini coefficient of non-negative counts, 0 (all equal) … (n − 1)/n (one has all)
/// [def:expert_load]. NaN where their sum is 0.
double gini(Numbers counts);
/// Shannon entropy in nats of counts (or probabilities) divided by their sum.
double entropy(Numbers counts);
/// exp(entropy): how many equally used entries would be as diverse ("effective experts").
double effective_number(Numbers counts);
/// exp(entropy of σ² / Σσ²) of singular values [def:effective_rank].
double effective_rank(Numbers singular_values);
/// Standard deviation (population) / mean.
double coefficient_of_variation(Numbers x);

}  // namespace hopscope::core::stats
