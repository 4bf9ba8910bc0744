// Counts over choices that are written down: if these fail, a table of grammar or co-activation
// counts something else than it says.
#include "core/measure/choice_counts.h"

#include "tests/measure/batches.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

/// 4 tokens, 2 hops, k = 2 of 6 experts.
LayerSample planted() {
    LayerSample s;
    s.hops.push_back({0, 6, {0, 1, 0, 2, 3, 1, 4, 1}});
    s.hops.push_back({0, 6, {0, 5, 0, 2, 3, 5, 4, 3}});
    return s;
}

TEST(ChoiceCounts, ATokenCountsOnceForAnExpertWhateverItsHops) {
    // Tokens 0 and 1 are function words and choose expert 0 at both hops; nobody else does.
    const std::vector<int8_t> groups = {0, 0, 1, 1};
    const auto tables = group_tables(planted(), 6, 2, groups);
    EXPECT_EQ(tables[0].a, 2);
    EXPECT_EQ(tables[0].b, 0);
    EXPECT_EQ(tables[0].c, 0);
    EXPECT_EQ(tables[0].d, 2);
    EXPECT_EQ(tables[3].c, 2) << "content words at either hop";
    EXPECT_EQ(tables[3].a, 0);
    const auto without = group_tables(planted(), 6, 2, std::vector<int8_t>{0, -1, 1, -1});
    EXPECT_EQ(without[0].a, 1) << "tokens of no group are left out";
    EXPECT_EQ(without[0].d, 1);
}

TEST(ChoiceCounts, AnExpertOfOneGroupAloneHasALargeOddsRatio) {
    LayerSample s;
    s.hops.push_back({0, 3, {}});
    std::vector<int8_t> groups;
    for (int32_t t = 0; t < 400; ++t) {
        const bool function = t % 2 == 0;
        groups.push_back(function ? 0 : 1);
        s.hops[0].experts.push_back(function ? 0 : (t % 4 == 1 ? 1 : 2));
    }
    const auto tables = group_tables(s, 3, 1, groups);
    EXPECT_GT(stats::odds_ratio(tables[0]).ratio, 1'000);
    EXPECT_LT(stats::odds_ratio(tables[1]).ratio, 0.01);
    EXPECT_LT(stats::fisher_exact(tables[0]), 1e-50);
}

TEST(ChoiceCounts, PairsLabelsAndTokensOfAnExpert) {
    const auto pairs = pair_counts(planted(), 6, 2);
    EXPECT_EQ(pairs[0 * 6 + 0], 4) << "uses of expert 0 over both hops";
    EXPECT_EQ(pairs[0 * 6 + 2], 2);
    EXPECT_EQ(pairs[2 * 6 + 0], 2) << "symmetric";
    EXPECT_EQ(pairs[0 * 6 + 3], 0);
    // Everybody with the same two: each is always with the other.
    LayerSample fixed;
    fixed.hops.push_back({0, 3, {0, 1, 0, 1, 0, 1}});
    const auto always = pair_counts(fixed, 3, 2);
    EXPECT_EQ(always[0 * 3 + 1], always[0 * 3 + 0]);
    EXPECT_EQ(always[2 * 3 + 2], 0);

    const auto labels = label_counts(planted(), 6, 2, std::vector<int32_t>{0, 1, 1, 7}, 2);
    EXPECT_EQ(labels.tokens, (std::vector<int64_t>{1, 2}));
    EXPECT_EQ(labels.chosen[0 * 2 + 0], 2);
    EXPECT_EQ(labels.chosen[0 * 2 + 1], 2);
    EXPECT_EQ(labels.chosen[3 * 2 + 1], 2);
    EXPECT_EQ(tokens_of(planted(), 2, 3), (std::vector<int64_t>{2, 3}));
}

TEST(ChoiceCounts, TurnsOfAnExpertAreTheHopsOfItsPool) {
    EXPECT_EQ(turns_of(planted(), 3), 2);
    LayerSample unrolled;
    unrolled.hops.push_back({0, 4, {}});
    unrolled.hops.push_back({4, 2, {}});
    EXPECT_EQ(turns_of(unrolled, 3), 1);
    EXPECT_EQ(turns_of(unrolled, 4), 1);
}

TEST(ChoiceCounts, TheSharedPassKeepsEveryChoice) {
    auto c = tiny();
    c.moe.pools = Pools::unrolled;
    const Batches data(c);
    const auto s = sample_routing({c, init_weights(c, 3)}, *data.source, 2, kQuiet);
    ASSERT_TRUE(s.ok()) << s.error().message;
    EXPECT_EQ(s->top_k, 2);
    for (const auto& layer : s->layers) {
        ASSERT_EQ(layer.hops.size(), 3u);
        std::vector<int64_t> counts(6, 0);
        for (const auto& hop : layer.hops) {
            EXPECT_EQ(static_cast<int64_t>(hop.experts.size()), s->tokens * 2);
            EXPECT_EQ(hop.pool_size, 2) << "6 experts over 3 pools";
            for (const int32_t e : hop.experts) {
                EXPECT_GE(e, hop.pool_offset);
                EXPECT_LT(e, hop.pool_offset + hop.pool_size);
                ++counts[static_cast<size_t>(e)];
            }
        }
        EXPECT_EQ(counts, layer.counts);
        EXPECT_EQ(turns_of(layer, 5), 1);
    }
}

}  // namespace
