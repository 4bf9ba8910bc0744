// The window's own cost.
#include "app/state/own_cost.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::app {
namespace {

// Wrong if frames of 5 ms, twenty a second, were not a tenth of a core, at once and later on; or
// if a window that rests went on costing.
TEST(OwnCost, ShareOfACore) {
    OwnCost cost;
    EXPECT_EQ(cost.share(0), 0);
    EXPECT_TRUE(std::isnan(cost.frame_ms()));
    double now = 100;
    for (int i = 0; i < 400; ++i) {
        now += 0.05;
        cost.add_frame(now, 0.005);
        if (i == 40) {
            EXPECT_NEAR(cost.share(now), 0.1, 0.01) << "after two seconds";
        }
    }
    EXPECT_NEAR(cost.share(now), 0.1, 0.003);
    EXPECT_NEAR(cost.frame_ms(), 5, 1e-9);
    EXPECT_LT(cost.share(now + 30), 0.001);
}

TEST(OwnCost, TheThreadsTimeGrows) {
    const double before = thread_seconds();
    double sum = 0;
    for (int i = 0; i < 2000000; ++i) sum += std::sqrt(static_cast<double>(i));
    EXPECT_GT(sum, 0);
    EXPECT_GT(thread_seconds(), before);
}

}  // namespace
}  // namespace hopscope::app
