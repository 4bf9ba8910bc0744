// Permutation tests: exact where all arrangements can be counted within the number of resamples,
// otherwise drawn by seed. Pure functions of data and seed, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

struct PermutationOptions {
    int64_t resamples = 10'000;
    uint64_t seed = 42;
};

struct Permutation {
    int64_t n = 0;          ///< units that were rearranged
    int64_t resamples = 0;  ///< arrangements looked at
    bool exact = false;     ///< all of them
    double observed = kNaN;
    double null_mean = kNaN, null_std = kNaN;
    Interval null95;  ///< middle 95 % of the null
    /// Shares of arrangements at least (at most) as large as observed; (count + 1) / (resamples +
    /// 1) where they were drawn.
    double p_greater = kNaN, p_less = kNaN;
    double p = kNaN;  ///< two-sided: twice the smaller, at most 1
};

/// mean(a) − mean(b) under exchange of all values between the groups.
Permutation permute_groups(Numbers a, Numbers b, const PermutationOptions& options);
/// Mean of paired differences under change of their signs.
Permutation permute_signs(Numbers differences, const PermutationOptions& options);
/// Any statistic of labels under random reassignment (always drawn).
Permutation permute_labels(std::span<const int32_t> labels,
                           const std::function<double(std::span<const int32_t>)>& statistic,
                           const PermutationOptions& options);

}  // namespace hopscope::core::stats
