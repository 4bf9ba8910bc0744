// If these fail, the loads that pictures of a run show are not the mean over its last updates.
#include "core/train/recent_load.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::core {
namespace {

TEST(RecentLoad, IsAMeanOfSharesThatForgets) {
    RecentLoad load;
    for (int i = 0; i < 3; ++i) count_choices(load, {{3, 1}, {0, 8}});
    const double sum = 1 - std::pow(0.9, 3);
    ASSERT_EQ(load.size(), 2u);
    EXPECT_NEAR(load[0][0], 0.75 * sum, 1e-12);
    EXPECT_NEAR(load[0][1], 0.25 * sum, 1e-12);
    EXPECT_EQ(load[1][0], 0);
    EXPECT_NEAR(load[1][1], sum, 1e-12);
    // An update of more choices weighs as much as one of few.
    count_choices(load, {{0, 4000}, {8, 0}});
    EXPECT_NEAR(load[0][0], 0.9 * 0.75 * sum, 1e-12);
    EXPECT_NEAR(load[1][0], 0.1, 1e-12);
}

TEST(RecentLoad, ALayerWithoutChoicesStaysAsItIs) {
    RecentLoad load;
    count_choices(load, {{1, 1}});
    const RecentLoad before = load;
    count_choices(load, {{0, 0}});
    EXPECT_EQ(load, before);
    count_choices(load, {});
    EXPECT_TRUE(load.empty());
}

}  // namespace
}  // namespace hopscope::core
