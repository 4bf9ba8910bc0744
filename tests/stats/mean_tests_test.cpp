// What tests of means say at their edges, where no library is a reference: a failure calls runs
// equal, or a comparison strong, that are not.
#include "core/stats/mean_tests.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::core::stats {
namespace {

// Fails if the power depends on the unit of the loss, or if samples without any spread, whose
// difference is known exactly, are not judged by that difference.
TEST(Equivalence, PowerIsOfTheMarginInStandardErrors) {
    for (const double unit : {0.01, 0.5, 1.0, 2.0, 30.0})
        EXPECT_NEAR(tost_power(unit, 10, 3 * unit), tost_power(0.1, 10, 0.3), 1e-12) << unit;
    const double power = tost_power(1, 10, 3);
    EXPECT_GT(power, 0.5);
    EXPECT_LT(power, 0.95);
    EXPECT_GT(tost_power(1, 10, 4), power);
    EXPECT_EQ(tost_power(0, 10, 0.3), 1);
    for (const double none : {tost_power(NAN, 10, 3), tost_power(-1, 10, 3), tost_power(1, 0, 3),
                              tost_power(1, 10, -3), tost_power(1, 10, NAN)})
        EXPECT_TRUE(std::isnan(none));
}

TEST(Equivalence, WithoutSpreadTheDifferenceAloneDecides) {
    const auto of = [](double difference) {
        return t_tost(welch({2 + difference, 0, 5}, {2, 0, 5}), 0.5);
    };
    EXPECT_EQ(of(0.25).p, 0);
    EXPECT_TRUE(of(0.25).equivalent);
    EXPECT_EQ(of(0.75).p, 1);
    EXPECT_FALSE(of(0.75).equivalent);
    EXPECT_FALSE(of(-0.75).equivalent);
    EXPECT_EQ(of(0.5).p, 0.5) << "on the bound";
    EXPECT_EQ(welch({2, 0, 5}, {2, 0, 5}).p, 1);
    EXPECT_EQ(welch({2.25, 0, 5}, {2, 0, 5}).p, 0);
    EXPECT_TRUE(std::isnan(t_tost(welch({2, 0, 1}, {2, 0, 5}), 0.5).p))
        << "one value has no spread";
}

}  // namespace
}  // namespace hopscope::core::stats
