// Best-match values beside what chance gives: the best of M candidates is to be read against the
// best of M random ones, not against one random pair (science.md A10, Caution). Pure functions,
// any thread.
#pragma once

#include <optional>
#include <string>

#include "core/analysis/compare.h"

namespace hopscope::core::analysis {

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
