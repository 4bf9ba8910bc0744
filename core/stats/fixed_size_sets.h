// What independence means for sets of a fixed size: items that have nothing to do with each other,
// but of which each set holds exactly k different ones [def:expert_sets]. Pure functions, any
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

/// P(S) ∝ Π w_i over the items of S, all S of size k, with those weights w at which item i is in
/// the given share of sets: the distribution of largest entropy with these shares (conditional
/// Poisson sampling; Chen, Dempster and Liu, Biometrika 81, 1994). Weights are found by iteration.
class FixedSizeSets {
  public:
    /// @param shares of the sets that hold each item, 0 … 1; their sum is k. Another sum, or a
    /// share outside, is a programming fault (std::invalid_argument)
    FixedSizeSets(Numbers shares, int64_t k);

    /// P(a set holds all of these different items); NaN where the weights were not found.
    double holds(std::span<const int32_t> items) const;
    /// Largest |share of the model − share given| at the weights that were found.
    double error() const { return error_; }

  private:
    std::vector<double> weights_;  ///< 0: never, or always
    std::vector<char> always_;
    int64_t places_ = 0;  ///< k without the items that are in every set
    double all_ = 0;      ///< Σ over sets of `places_` items of Π w
    double error_ = 0;
};

}  // namespace hopscope::core::stats
