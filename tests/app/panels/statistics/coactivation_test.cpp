// Co-activation of a made-up sample, against counting it anew from the definition.
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <set>

#include "app/panels/statistics/coactivation_numbers.h"
#include "app/panels/statistics/csv.h"
#include "tests/app/panels/statistics/tables.h"

namespace hopscope::app {
namespace {

using gui_test::expect_table;

/// One layer of random sets; experts 0 and 1 always come together.
core::GeometrySnapshot sample(int64_t tokens, int64_t hops, int64_t experts, int64_t k) {
    core::GeometrySnapshot out;
    out.step = 40;
    out.token_ids.assign(static_cast<size_t>(tokens), 1);
    core::LayerGeometry& g = out.layers.emplace_back();
    g.experts = experts;
    g.hops = hops;
    g.top_k = k;
    core::Random random(5);
    for (int64_t i = 0; i < tokens * hops; ++i) {
        std::vector<int32_t> set;
        if (i % 3 == 0) set = {0, 1};
        while (static_cast<int64_t>(set.size()) < k) {
            const auto e =
                static_cast<int32_t>(2 + random.below(static_cast<uint64_t>(experts - 2)));
            if (std::find(set.begin(), set.end(), e) == set.end()) set.push_back(e);
        }
        g.choices.insert(g.choices.end(), set.begin(), set.end());
    }
    return out;
}

/// Sets of the sample that hold all of some experts.
int64_t sets_with(const core::LayerGeometry& g, const std::set<int32_t>& wanted) {
    int64_t out = 0;
    const auto k = static_cast<size_t>(g.top_k);
    for (size_t i = 0; i < g.choices.size(); i += k) {
        const std::set<int32_t> set(g.choices.begin() + static_cast<std::ptrdiff_t>(i),
                                    g.choices.begin() + static_cast<std::ptrdiff_t>(i + k));
        out += std::includes(set.begin(), set.end(), wanted.begin(), wanted.end());
    }
    return out;
}

// Wrong if a share were of other uses than the row's, or a cell stood at another pair.
TEST(Coactivation, SharesByCounting) {
    const auto snapshot = sample(60, 2, 10, 3);
    const auto& g = snapshot.layers[0];
    for (const RowOrder order : kRowOrders) {
        const Coactivation c = coactivation_of(snapshot, 0, {}, order);
        ASSERT_EQ(c.shown.size(), 10u);
        for (size_t i = 0; i < 10; ++i)
            for (size_t j = 0; j < 10; ++j) {
                const float share = c.shares[i * 10 + j];
                if (i == j) {
                    EXPECT_TRUE(std::isnan(share));
                    continue;
                }
                EXPECT_FLOAT_EQ(share, static_cast<float>(sets_with(g, {c.shown[i], c.shown[j]})) /
                                           static_cast<float>(sets_with(g, {c.shown[i]})));
            }
        EXPECT_FLOAT_EQ(c.highest, 1) << "0 and 1 always come together";
    }
}

// Wrong if the pairs that always come together were not the first, or what is expected of them were
// not (k − 1) p' / (k − p) of their shares of all turns.
TEST(Coactivation, StrongestPairsBesideChance) {
    const auto snapshot = sample(90, 2, 12, 4);
    const Coactivation c = coactivation_of(snapshot, 0, {}, RowOrder::load);
    ASSERT_GE(c.strongest.size(), 2u);
    const PairUse& first = c.strongest[0];
    EXPECT_EQ(std::minmax(first.expert, first.other), std::minmax(0, 1));
    EXPECT_EQ(first.uses, 60);
    EXPECT_EQ(first.together, 60);
    EXPECT_DOUBLE_EQ(first.share, 1);
    EXPECT_DOUBLE_EQ(first.expected, 3 * (60.0 / 180) / (4 - 60.0 / 180));
    EXPECT_DOUBLE_EQ(first.ci95.low, viz::wilson_interval(60, 60).low);
    for (size_t i = 1; i < c.strongest.size(); ++i)
        EXPECT_GE(c.strongest[i - 1].share, c.strongest[i].share);
    // Of unrolled pools an expert has its turns in one hop alone.
    core::MoeConfig unrolled;
    unrolled.experts = 12;
    unrolled.pools = core::Pools::unrolled;
    const Coactivation u = coactivation_of(snapshot, 0, unrolled, RowOrder::load);
    EXPECT_DOUBLE_EQ(u.strongest[0].expected, 3 * (60.0 / 90) / (4 - 60.0 / 90));
}

// Wrong if the mean were over pairs and not over experts, or those without a use counted.
TEST(Coactivation, StrongestPartner) {
    core::GeometrySnapshot snapshot;
    snapshot.token_ids = {1, 2, 3};
    core::LayerGeometry& g = snapshot.layers.emplace_back();
    g.experts = 5;
    g.hops = 1;
    g.top_k = 2;
    g.choices = {0, 1, /**/ 0, 1, /**/ 0, 2};
    const Coactivation c = coactivation_of(snapshot, 0, {}, RowOrder::load);
    EXPECT_EQ(c.partner.n, 3);
    EXPECT_NEAR(c.partner.mean, (2.0 / 3 + 1 + 1) / 3, 1e-12);
    EXPECT_EQ(c.uses, (std::vector<int64_t>{3, 2, 1, 0, 0}));
}

// Wrong if dealing anew changed an expert's uses or put it twice into a set, or left the sets as
// they were: pairs that always came together then do so as often as their uses say.
TEST(Coactivation, DealingAnewKeepsAllButTheCompany) {
    const auto snapshot = sample(400, 1, 12, 4);
    const auto& g = snapshot.layers[0];
    auto dealt = g;
    core::Random random(1);
    double together = 0;
    for (int draw = 0; draw < 20; ++draw) {
        deal_anew(dealt.choices, 4, random);
        together += static_cast<double>(sets_with(dealt, {0, 1}));
    }
    for (int32_t e = 0; e < 12; ++e) EXPECT_EQ(sets_with(dealt, {e}), sets_with(g, {e})) << e;
    for (size_t i = 0; i < dealt.choices.size(); i += 4)
        EXPECT_EQ(std::set<int32_t>(dealt.choices.begin() + static_cast<std::ptrdiff_t>(i),
                                    dealt.choices.begin() + static_cast<std::ptrdiff_t>(i + 4))
                      .size(),
                  4u);
    // All experts are used alike: in a set with the one, each of the other eleven has 3 places.
    EXPECT_NEAR(together / 20, 134 * 3.0 / 11, 5);
    const Coactivation c = coactivation_of(snapshot, 0, {}, RowOrder::load);
    EXPECT_GT(c.partner.mean, c.dealt_high);
    EXPECT_LE(c.dealt_low, c.dealt);
    EXPECT_LE(c.dealt, c.dealt_high);
}

// Wrong if one choice a hop, or sizes that contradict each other, gave numbers.
TEST(Coactivation, NothingWithoutSets) {
    auto snapshot = sample(20, 2, 8, 2);
    EXPECT_FALSE(coactivation_of(snapshot, 0, {}, RowOrder::load).empty());
    EXPECT_TRUE(coactivation_of(snapshot, 1, {}, RowOrder::load).empty());
    snapshot.layers[0].choices.pop_back();
    EXPECT_TRUE(coactivation_of(snapshot, 0, {}, RowOrder::load).empty());
    auto outside = sample(20, 2, 8, 2);
    outside.layers[0].choices[3] = 8;
    EXPECT_TRUE(coactivation_of(outside, 0, {}, RowOrder::load).empty());
    EXPECT_TRUE(coactivation_of(sample(20, 2, 8, 1), 0, {}, RowOrder::load).empty());
}

// Wrong if the table could not be read back.
TEST(Coactivation, Table) {
    core::GeometrySnapshot snapshot;
    snapshot.step = 7;
    snapshot.token_ids = {1, 2};
    core::LayerGeometry& g = snapshot.layers.emplace_back();
    g.experts = 3;
    g.hops = 1;
    g.top_k = 2;
    g.choices = {0, 1, /**/ 0, 2};
    expect_table(csv_of(coactivation_of(snapshot, 0, {}, RowOrder::load), "layer 0"),
                 "# share of the uses of the expert of the row whose set also holds that of the "
                 "column, layer 0, step 7, 2 tokens, 1 hops\nexpert,0,1,2\n0,,0.5,0.5\n1,1,,0\n"
                 "2,1,0,\n# strongest pairs\n"
                 "expert,other,together,uses,share,share_ci95_low,share_ci95_high,expected\n"
                 "1,0,1,1,1,0.206549314,1,0.666666667\n2,0,1,1,1,0.206549314,1,0.666666667\n"
                 "0,1,1,2,0.5,0.0945312057,0.905468794,0.5\n"
                 "0,2,1,2,0.5,0.0945312057,0.905468794,0.5\n");
}

}  // namespace
}  // namespace hopscope::app
