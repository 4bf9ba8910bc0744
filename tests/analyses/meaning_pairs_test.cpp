// If these fail, meanings of a word count as routed apart, or alike, by something else than the
// experts of their occurrences.
#include "core/analyses/meaning_pairs.h"

#include <cmath>
#include <gtest/gtest.h>

namespace {

using namespace hopscope::core::analysis;

Occurrence seen(const std::string& meaning, std::vector<int32_t> set) {
    return {meaning, {set, std::move(set)}};
}

TEST(Polysemy, MeaningsWithExpertsOfTheirOwnAreToldApart) {
    std::vector<Occurrence> apart, alike;
    for (int i = 0; i < 10; ++i) {
        apart.push_back(seen("a", {0, 1}));
        apart.push_back(seen("b", {2, 3}));
        alike.push_back(seen(i % 2 ? "a" : "b", {0, 1}));
    }
    const auto means = pair_means(apart);
    EXPECT_EQ(means.same, 1.0);
    EXPECT_EQ(means.different, 0.0);
    EXPECT_EQ(means.same_pairs, 90);
    EXPECT_EQ(means.different_pairs, 100);
    EXPECT_EQ(means.same_by_slot.size(), 2u);
    EXPECT_LE(meaning_null({apart}, {999, 1}).p_greater, 2.0 / 1000);
    const auto null = meaning_null({alike}, {999, 1});
    EXPECT_EQ(null.observed, 0.0);
    EXPECT_EQ(null.p_greater, 1.0);
    // 1/7 as in the paper's example: one expert of four in common.
    EXPECT_NEAR(pair_means({seen("a", {0, 1, 2, 3}), seen("b", {3, 4, 5, 6})}).different, 1.0 / 7,
                1e-12);
    EXPECT_TRUE(std::isnan(meaning_null({{seen("a", {0}), seen("b", {1})}}, {99, 1}).p_greater))
        << "one pair of different meaning has nothing to be compared with";
}

TEST(Polysemy, MeaningsAreDealtOutWithinAWord) {
    // Two words with disjoint experts, each with both meanings in equal sets: exchanging meanings
    // between the words would show a difference that neither word has.
    std::vector<Occurrence> x, y;
    for (int i = 0; i < 6; ++i) {
        x.push_back(seen(i < 5 ? "a" : "b", {0, 1}));
        y.push_back(seen(i < 1 ? "a" : "b", {2, 3}));
    }
    const auto null = meaning_null({x, y}, {200, 1});
    EXPECT_EQ(null.observed, 0.0);
    EXPECT_EQ(null.null_std, 0.0);
}

}  // namespace
