// Permutation tests: what a statistic is where its labels mean nothing, drawn by seed. Pure
// functions of data and seed, any thread.
#pragma once

#include <cstdint>
#include <functional>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

struct PermutationOptions {
    int64_t resamples = 10'000;
    uint64_t seed = 42;
};

struct Permutation {
    int64_t n = 0;          ///< units that were rearranged
    int64_t resamples = 0;  ///< arrangements looked at
    double observed = kNaN;
    double null_mean = kNaN, null_std = kNaN;
    Interval null95;  ///< middle 95 % of the null
    /// (1 + arrangements at least (at most) as large as observed) / (1 + resamples).
    double p_greater = kNaN, p_less = kNaN;
    double p = kNaN;  ///< two-sided: twice the smaller, at most 1
};

/// Any statistic of labels under random reassignment.
Permutation permute_labels(std::span<const int32_t> labels,
                           const std::function<double(std::span<const int32_t>)>& statistic,
                           const PermutationOptions& options);

}  // namespace hopscope::core::stats
