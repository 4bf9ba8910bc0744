// Saturation of made-up snapshots, by hand and against counting it anew.
#include <cmath>
#include <gtest/gtest.h>

#include "app/panels/statistics/csv.h"
#include "app/panels/statistics/saturation_numbers.h"
#include "tests/app/panels/statistics/snapshots.h"
#include "tests/app/panels/statistics/tables.h"

namespace hopscope::app {
namespace {

using gui_test::expect_table, gui_test::at_step, gui_test::past_with;

/// Two tokens, one layer of two hops, sets of two.
core::GeometrySnapshot with(std::vector<int32_t> choices) {
    core::GeometrySnapshot out;
    core::LayerGeometry& g = out.layers.emplace_back();
    g.experts = 8;
    g.hops = 2;
    g.top_k = 2;
    g.choices = std::move(choices);
    return out;
}

core::MoeConfig eight() {
    core::MoeConfig moe;
    moe.experts = 8;
    return moe;
}

// Wrong if it were a Jaccard, the order within a set counted, or the first-ranked ones were taken
// for the sets.
TEST(Saturation, ByHand) {
    const auto last = with({0, 1, 2, 3, /**/ 4, 5, 6, 7});
    // Token 0: {1, 0} and {4, 6}: 2 and 1 of 2; token 1: {2, 7} and {0, 1}: 1 and 0 of 2.
    const auto early = with({1, 0, 2, 7, /**/ 4, 6, 0, 1});
    const Saturation s = saturation_of(past_with({at_step(early, 10), at_step(last, 20)}), eight());
    ASSERT_EQ(s.steps, (std::vector<double>{10, 20}));
    ASSERT_EQ(s.layers.size(), 1u);
    EXPECT_EQ(s.tokens, 2);
    EXPECT_EQ(s.last_step, 20);
    EXPECT_DOUBLE_EQ(s.layers[0].mean[0], (0.75 + 0.25) / 2);
    EXPECT_DOUBLE_EQ(s.layers[0].mean[1], 1);
    EXPECT_DOUBLE_EQ(s.layers[0].first[0], (0.5 + 0.5) / 2);
    EXPECT_NEAR(s.layers[0].high[0], 0.5 + viz::kNormal95 * std::sqrt(0.125 / 2), 1e-12);
    EXPECT_DOUBLE_EQ(s.layers[0].chance, 2.0 / 8);
    core::MoeConfig unrolled = eight();
    unrolled.experts = 9;
    unrolled.pools = core::Pools::unrolled;
    EXPECT_DOUBLE_EQ(saturation_of(past_with({at_step(last, 20)}), unrolled).layers[0].chance,
                     (2.0 / 5 + 2.0 / 4) / 2)
        << "the pools of nine experts in two hops";
}

// Wrong if steps whose sample was not routed anew had points, or hops that came later were compared
// with what was there before them.
TEST(Saturation, StepsThatCanBeCompared) {
    const auto a = with({0, 1, 2, 3, 4, 5, 6, 7}), b = with({1, 2, 2, 3, 4, 5, 6, 7});
    auto one_hop = with({0, 1, 2, 3});
    one_hop.layers[0].hops = 1;
    const Saturation s = saturation_of(
        past_with({at_step(one_hop, 5), at_step(a, 10), at_step(a, 15), at_step(b, 20)}), eight());
    EXPECT_EQ(s.steps, (std::vector<double>{10, 20}));
    EXPECT_TRUE(saturation_of({}, eight()).empty());
    EXPECT_TRUE(saturation_of(past_with({at_step(a, 5)}), eight()).empty());
}

// Wrong if a long run had a point for each of its snapshots, or lost its ends.
TEST(Saturation, LongRunsAreSpreadOverTheLogarithm) {
    std::vector<core::GeometrySnapshot> all;
    for (int32_t i = 0; i < 200; ++i) {
        auto snapshot = with({0, 1, 2, 3, 4, 5, 6, 7});
        snapshot.layers[0].choices[0] = i % 2 == 0 ? 0 : 7;
        all.push_back(at_step(snapshot, 50 * i));
    }
    const Saturation s = saturation_of(past_with(all), eight());
    EXPECT_LE(s.steps.size(), kSaturationSteps);
    EXPECT_GT(s.steps.size(), kSaturationSteps / 3);
    EXPECT_EQ(s.steps.front(), 0);
    EXPECT_EQ(s.steps.back(), 50 * 199);
    for (size_t i = 1; i < s.steps.size(); ++i) EXPECT_GT(s.steps[i], s.steps[i - 1]);
    EXPECT_LT(s.steps[s.steps.size() / 2], 50 * 100) << "early steps are nearer to each other";
}

// Wrong if the table could not be read back.
TEST(Saturation, Table) {
    const auto a = with({0, 1, 2, 3, 4, 5, 6, 7}), b = with({0, 2, 2, 3, 4, 5, 6, 7});
    const Saturation s = saturation_of(past_with({at_step(b, 1), at_step(a, 2)}), eight());
    expect_table(csv_of(s),
                 "# share of the experts chosen at a step that are chosen at step 2, mean over 2 "
                 "tokens of the sample\nstep,layer,saturation,saturation_ci95_low,"
                 "saturation_ci95_high,first,chance\n1,0,0.875,0.630004502,1.1199955,1,0.25\n"
                 "2,0,1,1,1,1,0.25\n");
}

}  // namespace
}  // namespace hopscope::app
