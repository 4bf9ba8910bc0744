// The line of least squares and the interval of its slope.
#include "core/stats/line_fit.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

namespace hopscope::core::stats {
namespace {

// Wrong if slope, intercept or R² were others than by hand: x 0 … 4, y 1, 3, 2, 5, 4 has slope 0.8,
// intercept 1.4, residual 3.6 of 10; t quantile of 3 degrees of freedom 3.1824463.
TEST(LineFit, KnownValues) {
    const std::vector<double> x = {0, 1, 2, 3, 4}, y = {1, 3, 2, 5, 4};
    const LineFit fit = fit_line(x, y);
    EXPECT_DOUBLE_EQ(fit.slope, 0.8);
    EXPECT_DOUBLE_EQ(fit.intercept, 1.4);
    EXPECT_DOUBLE_EQ(fit.r2, 0.64);
    const double half = 3.182446305284263 * std::sqrt(3.6 / 3 / 10);
    EXPECT_NEAR(fit.slope95.low, 0.8 - half, 1e-9);
    EXPECT_NEAR(fit.slope95.high, 0.8 + half, 1e-9);
    EXPECT_EQ(fit.n, 5);
}

// Wrong if a slope were told where there is none to tell.
TEST(LineFit, TooLittle) {
    const std::vector<double> one = {1}, two = {1, 2}, same = {3, 3, 3}, y = {1, 2, 3};
    EXPECT_TRUE(std::isnan(fit_line(one, one).slope));
    EXPECT_EQ(fit_line(two, two).slope, 1);
    EXPECT_TRUE(std::isnan(fit_line(two, two).slope95.low));
    EXPECT_TRUE(std::isnan(fit_line(same, y).slope));
    EXPECT_TRUE(std::isnan(fit_line(y, same).r2)) << "nothing varies";
    EXPECT_EQ(fit_line(y, same).slope, 0);
}

}  // namespace
}  // namespace hopscope::core::stats
