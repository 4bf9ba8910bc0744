// Independence of sets of a fixed size, against all sets counted one by one: if this fails, experts
// seem to belong together that do not.
#include "core/stats/fixed_size_sets.h"

#include <gtest/gtest.h>
#include <stdexcept>

namespace hopscope::core::stats {
namespace {

/// P of each set of 3 of 6 by Π w, set by set: shares of items, and of sets that hold 1 and 4.
TEST(FixedSizeSets, AreThoseOfAllSetsCounted) {
    const double w[] = {1, 2, 0.5, 3, 0.25, 7};
    double total = 0, both = 0, one_set = 0;
    std::vector<double> shares(6, 0);
    for (int a = 0; a < 6; ++a)
        for (int b = a + 1; b < 6; ++b)
            for (int c = b + 1; c < 6; ++c) {
                const double p = w[a] * w[b] * w[c];
                total += p;
                for (const int i : {a, b, c}) shares[static_cast<size_t>(i)] += p;
                const auto has = [&](int x) { return x == a || x == b || x == c; };
                if (has(1) && has(4)) both += p;
                if (has(0) && has(3) && has(5)) one_set += p;
            }
    for (double& share : shares) share /= total;
    const FixedSizeSets sets(shares, 3);
    EXPECT_LT(sets.error(), 1e-8);
    EXPECT_NEAR(sets.holds(std::vector<int32_t>{1, 4}), both / total, 1e-7);
    EXPECT_NEAR(sets.holds(std::vector<int32_t>{5, 0, 3}), one_set / total, 1e-7);
    EXPECT_NEAR(sets.holds(std::vector<int32_t>{2}), shares[2], 1e-7);
    EXPECT_EQ(sets.holds(std::vector<int32_t>{0, 1, 2, 3}), 0);
}

TEST(FixedSizeSets, EvenSharesAreEvenDraws) {
    const FixedSizeSets sets(std::vector<double>(128, 8.0 / 128), 8);
    EXPECT_NEAR(sets.holds(std::vector<int32_t>{3, 99}), 8.0 * 7 / (128 * 127), 1e-12);
    EXPECT_NEAR(sets.holds(std::vector<int32_t>{3, 99, 7}), 8.0 * 7 * 6 / (128.0 * 127 * 126),
                1e-12);
}

TEST(FixedSizeSets, WhatIsAlwaysOrNeverThereIsNoMatterOfChance) {
    const FixedSizeSets sets(std::vector<double>{1, 0, 0.5, 0.25, 0.25}, 2);
    EXPECT_NEAR(sets.holds(std::vector<int32_t>{0, 2}), 0.5, 1e-9);
    EXPECT_NEAR(sets.holds(std::vector<int32_t>{0}), 1, 1e-9);
    EXPECT_EQ(sets.holds(std::vector<int32_t>{1}), 0);
    EXPECT_EQ(sets.holds(std::vector<int32_t>{2, 3}), 0) << "0 leaves room for one";
    const FixedSizeSets fixed(std::vector<double>{1, 1, 0}, 2);
    EXPECT_EQ(fixed.holds(std::vector<int32_t>{0, 1}), 1);
    EXPECT_THROW(FixedSizeSets(std::vector<double>{0.5, 0.4}, 1), std::invalid_argument);
    EXPECT_THROW(FixedSizeSets(std::vector<double>{1.5, 0.5}, 2), std::invalid_argument);
}

}  // namespace
}  // namespace hopscope::core::stats
