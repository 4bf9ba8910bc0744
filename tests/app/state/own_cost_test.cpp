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

// Wrong if twenty frames a second were told as another rate, a window that rests as one that draws,
// or points of one frame counted in the next.
TEST(OwnCost, CountsFramesAndPoints) {
    OwnCost cost;
    EXPECT_EQ(cost.frames_a_second(0), 0);
    double now = 100;
    for (int i = 0; i < 400; ++i) {
        now += 0.05;
        cost.note_points(700);
        cost.note_points(300);
        cost.add_frame(now, 0.005);
        if (i == 40) {
            EXPECT_NEAR(cost.frames_a_second(now), 20, 2);
        }
    }
    EXPECT_NEAR(cost.frames_a_second(now), 20, 0.6);
    EXPECT_LT(cost.frames_a_second(now + 30), 0.1);
    EXPECT_EQ(cost.points(), 1000);
    cost.add_frame(now + 0.05, 0.005);
    EXPECT_EQ(cost.points(), 0);
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
