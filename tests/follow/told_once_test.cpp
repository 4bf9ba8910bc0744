// If this fails, a folder that says something else at each look fills the memory, or a problem is
// told at each look.
#include "core/follow/told_once.h"

#include <gtest/gtest.h>

namespace hopscope::core {
namespace {

TEST(ToldOnce, EachTextOnceAndABoundedNumberOfThem) {
    ToldOnce told;
    for (int n = 0; n < 64; ++n) {
        EXPECT_TRUE(told.is_new(std::to_string(n)));
        EXPECT_FALSE(told.is_new(std::to_string(n)));
    }
    EXPECT_FALSE(told.is_new("one more"));
}

}  // namespace
}  // namespace hopscope::core
