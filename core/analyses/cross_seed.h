// Experts of two models held against each other: the best partner of each by words and by direction
// [def:cross_seed], and what chance would give: the best of M candidates is to be
// read against the best of M random ones, not against one random pair [def:best_match]. Thread:
// whoever owns the tensors; results are plain values.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/compare/compare.h"
#include "core/measure/dictionary.h"

namespace hopscope::core::analysis {

/// Token ids of the first `count` words by dot, rising; [directions][≤ count].
std::vector<std::vector<int32_t>> word_sets(const std::vector<DirectionWords>& words,
                                            int64_t count);

/// For each set of `a` the largest Jaccard to one of `b`, [a]; 0 where `b` is empty.
std::vector<double> best_jaccard(const std::vector<std::vector<int32_t>>& a,
                                 const std::vector<std::vector<int32_t>>& b);

/// For each row of a [A, d] the largest cosine to a row of b [B, d], [A].
std::vector<double> best_cosine(const at::Tensor& a, const at::Tensor& b);

/// n directions drawn evenly from the sphere, as normal numbers [n, d], by seed.
at::Tensor random_directions(int64_t n, int64_t d, uint64_t seed);

/// Mean over experts of the best match among `candidates`.
struct BestMatch {
    std::string what;            ///< "jaccard", "cosine"
    double value = stats::kNaN;  ///< NaN: nothing to warn of
    double low = stats::kNaN;    ///< lower end of its 95 % interval; NaN: value alone counts
    int64_t candidates = 0;
    double random_pair = stats::kNaN;  ///< expected of one random pair
    double random_best = stats::kNaN;  ///< expected of the best of as many random ones
};

/// "best_match_is_chance" where the value is above the one-pair figure, which would pass for a
/// likeness, but not above the best of as many random ones, the interval included.
std::optional<Warning> best_match_warning(const BestMatch& match);

}  // namespace hopscope::core::analysis
