// What random sets have in common, against fractions counted by hand and the paper's figures. A
// failure would make chance agreement look like structure, or hide it.
#include "core/stats/overlap.h"

#include <gtest/gtest.h>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "core/base/sets.h"

namespace hopscope::core::stats::testing {
namespace {

double as_jaccard(int64_t h) {
    return jaccard_of(h, 20, 20);
}

TEST(Overlap, CountsSmallCasesExactly) {
    // Of 5 items 2 are marked, 3 are drawn: C(2,h) C(3,3-h) / C(5,3) = 1, 6, 3 of 10.
    const auto p = overlap_distribution(5, 2, 3);
    ASSERT_EQ(p.size(), 3u);
    EXPECT_NEAR(p[0], 0.1, 1e-12);
    EXPECT_NEAR(p[1], 0.6, 1e-12);
    EXPECT_NEAR(p[2], 0.3, 1e-12);
    // 4 of 5 drawn: at least one of two marked ones is among them.
    const auto forced = overlap_distribution(5, 2, 4);
    EXPECT_EQ(forced[0], 0.0);
    EXPECT_NEAR(forced[1], 0.4, 1e-12);
    EXPECT_THROW(overlap_distribution(5, 6, 1), std::invalid_argument);
}

TEST(Overlap, BestOfTwoDrawsByHand) {
    const auto p = overlap_distribution(5, 2, 3);
    const auto same = [](int64_t h) { return static_cast<double>(h); };
    EXPECT_NEAR(expected_best(p, 1, same), 1.2, 1e-12);
    // P(max = 0) = 0.01, P(max <= 1) = 0.49.
    EXPECT_NEAR(expected_best(p, 2, same), 0.48 + 2 * 0.51, 1e-12);
}

TEST(Overlap, GivesTheBaselinesOfTwentyWordsInThirtyTwoThousand) {
    // [def:best_match]: 0.00031 for one pair, about 0.028 for the best of 1,024.
    const auto p = overlap_distribution(32'000, 20, 20);
    EXPECT_NEAR(std::accumulate(p.begin(), p.end(), 0.0), 1.0, 1e-12);
    EXPECT_NEAR(expected_best(p, 1, as_jaccard), 0.00032, 0.00001);
    EXPECT_NEAR(expected_best(p, 1'024, as_jaccard), 0.028, 0.0006);
}

}  // namespace
}  // namespace hopscope::core::stats::testing
