// The time that work takes yet.
#include "app/state/time_left.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::app {
namespace {

// Wrong if a time were told before anything is known, one at a steady pace were not the rest, or it
// stood still between two reports.
TEST(TimeLeft, IsTheRestAtThePaceSoFar) {
    TimeLeft left;
    EXPECT_TRUE(std::isnan(left.at(0)));
    left.note(10, 0);
    EXPECT_TRUE(std::isnan(left.at(10)));
    left.note(10.5, 0.2);
    EXPECT_TRUE(std::isnan(left.at(10.5))) << "half a second says nothing";
    left.note(11, 0.04);  // a second stretch of work
    left.note(13, 0.08);
    EXPECT_TRUE(std::isnan(left.at(13))) << "4 % say nothing";
    left.note(16, 0.14);
    EXPECT_NEAR(left.at(16), 0.86 * 50, 1e-9) << "a tenth in five seconds";
    EXPECT_NEAR(left.at(20), 0.86 * 50 - 4, 1e-9);
    EXPECT_EQ(left.at(1000), 0) << "never below none";
}

// Wrong if one slow report threw the estimate about, an unknown share ended it, or the end were not
// the end.
TEST(TimeLeft, IsSteady) {
    TimeLeft left;
    double now = 0;
    for (int i = 0; i <= 50; ++i) left.note(now++, i / 100.0);
    const double before = left.at(now - 1);
    EXPECT_NEAR(before, 50, 1e-9);
    left.note(now + 4, 0.51);  // took five times as long as the others
    left.note(now + 4, -1);
    EXPECT_NEAR(left.at(now + 4), before, 0.1 * before);
    left.note(now + 50, 1);
    EXPECT_EQ(left.at(now + 50), 0);
}

}  // namespace
}  // namespace hopscope::app
