// Where in their sequences the tokens stand that choose an expert: by quarters of the sequence
// [def:expert_position]. Pure functions, any thread.
#pragma once

#include <array>
#include <cstdint>

#include "core/api/snapshot.h"

namespace hopscope::app {

inline constexpr size_t kQuarters = 4;
/// Tokens in each quarter of their sequence, the beginning first.
using QuarterCounts = std::array<int64_t, kQuarters>;

/// The quarter that the token at `place` of a sequence of `length` stands in. 0 ≤ place < length.
size_t quarter_of(int64_t place, int64_t length);

struct QuarterUse {
    int64_t tokens = 0;                                              ///< that choose the expert
    double share = core::kNaN, low = core::kNaN, high = core::kNaN;  ///< of all that do; 95 %
    /// The share over that of the quarter in the sample: 1 where choosing the expert has nothing to
    /// do with the place. With the interval of the share.
    double times = core::kNaN, times_low = core::kNaN, times_high = core::kNaN;
};

struct PositionUse {
    std::array<QuarterUse, kQuarters> quarters;
    int64_t of = 0;   ///< tokens that choose the expert, of sequences of a known length
    int64_t all = 0;  ///< tokens of the sample
    int most = -1;    ///< the quarter of the largest `times`, the first of equals; −1: none

    bool known() const { return most >= 0; }
    /// Of the quarter of most; only where known().
    const QuarterUse& peak() const { return quarters[static_cast<size_t>(most)]; }
    /// Whether the interval of that quarter lies above 1.
    bool enriched() const { return known() && peak().times_low > 1; }
};

/// @param chosen tokens that choose the expert
/// @param sizes tokens of the sample
PositionUse position_use(const QuarterCounts& chosen, const QuarterCounts& sizes);

}  // namespace hopscope::app
