// Which experts of a layer are chosen together [def:coactivation], in the tokens of the fixed
// sample: the matrix, the strongest pairs beside what the uses alone would give, and the partners
// that experts have once their choices are dealt anew. Pure functions, up to some hundred
// milliseconds for large layers: made aside.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "app/panels/statistics/row_order.h"
#include "core/api/config.h"
#include "core/api/random.h"
#include "core/api/snapshot.h"
#include "viz/sampled.h"

namespace hopscope::app {

inline constexpr size_t kStrongestPairs = 100;
inline constexpr int64_t kDealtAnew = 20;  ///< draws of the control

/// Of the uses of `expert`, a (token, hop) each, those whose set also holds `other`.
struct PairUse {
    int32_t expert = 0, other = 0;
    int64_t together = 0, uses = 0;
    double share = 0;
    viz::Interval ci95;   ///< of the share
    double expected = 0;  ///< (k − 1) p' / (k − p) of their shares of all turns
};

struct Coactivation {
    RowOrder order = RowOrder::similarity;
    int64_t step = 0, layer = 0, experts = 0;
    int64_t tokens = 0, hops = 0, top_k = 0;
    std::vector<int32_t> shown;      ///< [n ≤ kMatrixRows] the expert of each row
    std::vector<float> shares;       ///< [n, n] of the uses of the row's; NaN: itself, or no use
    float highest = 0;               ///< of these shares
    std::vector<int64_t> uses;       ///< [experts]
    std::vector<PairUse> strongest;  ///< of experts with a tenth of the mean use or more
    viz::SampledMean partner;        ///< share of its strongest partner, over experts in use
    /// The same with choices dealt anew: mean over the draws, lowest and highest of them.
    double dealt = core::kNaN, dealt_low = core::kNaN, dealt_high = core::kNaN;
    bool empty() const { return shown.empty(); }
};
/// Empty where a hop chooses one expert, or the snapshot does not hold together.
Coactivation coactivation_of(const core::GeometrySnapshot& snapshot, size_t layer,
                             const core::MoeConfig& moe, RowOrder order,
                             std::span<const int64_t> cluster_of = {});

/// Swaps experts between the sets of a hop, each of k, until they stand as chance puts them: every
/// expert keeps its uses, every token its k different experts. `choices` [tokens, k] of one hop.
void deal_anew(std::span<int32_t> choices, int64_t top_k, core::Random& random);

}  // namespace hopscope::app
