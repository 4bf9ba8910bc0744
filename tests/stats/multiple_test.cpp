// Holm's correction, worked out by hand: if it fails, a finding among many layers is one by chance.
#include "core/stats/multiple.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::core::stats {
namespace {

TEST(Multiple, HolmIsThatOfTheRanks) {
    const auto found = holm(std::vector<double>{0.01, 0.04, kNaN, 0.03, 0.005});
    ASSERT_EQ(found.size(), 5u);
    EXPECT_NEAR(found[4], 4 * 0.005, 1e-15);
    EXPECT_NEAR(found[0], 3 * 0.01, 1e-15);
    EXPECT_NEAR(found[3], 2 * 0.03, 1e-15);
    EXPECT_NEAR(found[1], 2 * 0.03, 1e-15) << "never below that of a smaller p";
    EXPECT_TRUE(std::isnan(found[2]));
    EXPECT_EQ(holm(std::vector<double>{0.6, 0.7}), (std::vector<double>{1, 1}));
}

}  // namespace
}  // namespace hopscope::core::stats
