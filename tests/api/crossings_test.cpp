// If these fail, a race names the wrong moment, or the wrong one ahead.
#include "core/api/crossings.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace hopscope::core {
namespace {

/// Values at steps 1, 2, …; each step takes `pace` seconds and 10 tokens.
RaceCurve curve(const std::vector<double>& values, double pace = 1) {
    RaceCurve out;
    for (size_t i = 0; i < values.size(); ++i) {
        out.steps.push_back(static_cast<int64_t>(i) + 1);
        out.tokens.push_back(10 * (static_cast<int64_t>(i) + 1));
        out.seconds.push_back(pace * static_cast<double>(i + 1));
    }
    out.values = values;
    return out;
}

TEST(Crossings, FirstStepOfTheNewOrder) {
    const auto found = crossings_by_step(curve({5, 4, 3, 1}, 2), curve({6, 5, 2, 2}));
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].a_step, 3);
    EXPECT_EQ(found[0].b_step, 3);
    EXPECT_EQ(found[0].tokens, 30);
    EXPECT_FALSE(found[0].a_ahead);
    EXPECT_EQ(found[0].a_seconds, 6);
    EXPECT_EQ(found[0].b_seconds, 3);
    EXPECT_EQ(found[1].a_step, 4);
    EXPECT_TRUE(found[1].a_ahead);
}

TEST(Crossings, TouchingIsNoCrossingAndMissingValuesChangeNothing) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(crossings_by_step(curve({3, 2, 1}), curve({4, 2, 2})).empty());
    EXPECT_TRUE(crossings_by_step(curve({3, nan, 1}), curve({4, 0, 2})).empty());
    EXPECT_TRUE(crossings_by_step(curve({}), curve({1})).empty());
    // The order of before the equality counts.
    const auto found = crossings_by_step(curve({3, 2, 3}), curve({4, 2, 2}));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].a_step, 3);
}

TEST(Crossings, OnlyEqualStepsAreCompared) {
    RaceCurve a = curve({5, 9, 3}), b = curve({6, 2});
    b.steps = {1, 3};
    const auto found = crossings_by_step(a, b);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].a_step, 3);
    EXPECT_FALSE(found[0].a_ahead);
}

TEST(Crossings, BySecondsTheSlowerLaneIsReadWhereItWas) {
    // By step b is ahead throughout; it takes four times as long, so by seconds it falls behind.
    const auto a = curve({10, 8, 6, 4, 2, 1, 1, 1}), b = curve({9, 7, 5}, 4);
    EXPECT_TRUE(crossings_by_step(a, b).empty());
    const auto found = crossings_by_seconds(a, b);
    // From second 4 (b begins with 9) to 8: a is at 4 then, ahead all the time.
    EXPECT_TRUE(found.empty());
    const auto slow = curve({10, 8, 6}, 4), fast = curve({12, 11.5, 11, 10.5, 10, 9, 7.5, 7, 6});
    const auto turned = crossings_by_seconds(slow, fast);
    // slow: 10 at 4 s, 9 at 6 s, 8.5 at 7 s, 8 at 8 s. fast: 10.5, 10, 9, 7.5, 7.
    ASSERT_EQ(turned.size(), 1u);
    EXPECT_EQ(turned[0].seconds, 7);
    EXPECT_EQ(turned[0].a_step, 1);
    EXPECT_EQ(turned[0].b_step, 7);
    EXPECT_FALSE(turned[0].a_ahead);
}

TEST(Crossings, SmoothedStartsWithoutBias) {
    const auto constant = smoothed(curve({2, 2, 2}));
    for (const double v : constant.values) EXPECT_NEAR(v, 2, 1e-12);
    const auto two = smoothed(curve({1, 3}), 0.5);
    EXPECT_EQ(two.values[0], 1);
    EXPECT_NEAR(two.values[1], (0.25 * 1 + 0.5 * 3) / 0.75, 1e-12);
}

}  // namespace
}  // namespace hopscope::core
