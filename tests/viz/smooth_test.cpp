// Smoothing of curves: averages must be exact, gaps must survive.
#include "viz/smooth.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace hopscope::viz {
namespace {

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

// Without the correction the average starts near zero and shows a fall that never was.
TEST(Smooth, EmaIsCorrectedAtTheStart) {
    const std::vector<double> ys = {4, 4, 4};
    for (const double y : ema(ys, 0.95)) EXPECT_DOUBLE_EQ(y, 4.0);
    const auto two = ema(std::vector<double>{1, 3}, 0.5);
    EXPECT_DOUBLE_EQ(two[0], 1.0);
    EXPECT_DOUBLE_EQ(two[1], (0.5 * 1 + 3) / 1.5);
}

// A gap must stay a gap and must not poison what follows.
TEST(Smooth, MissingValuesStayMissing) {
    const std::vector<double> ys = {1, kGap, 3};
    const auto e = ema(ys, 0.5);
    EXPECT_TRUE(std::isnan(e[1]));
    EXPECT_DOUBLE_EQ(e[2], (0.5 * 1 + 3) / 1.5);
}

// Weight 0 of the past shows the raw curve; weights out of range must not diverge.
TEST(Smooth, ExtremeWeights) {
    const std::vector<double> ys = {1, 5, 2};
    EXPECT_EQ(ema(ys, 0.0), ys);
    EXPECT_EQ(ema(ys, -3.0), ys);
    EXPECT_EQ(ema(ys, kGap), ys);
    EXPECT_TRUE(std::isfinite(ema(ys, 7.0)[2]));
}

// Wrong if the mean took another number of values, counted missing ones, or remembered what had
// left its window: the reference sums each window anew.
TEST(RunningMean, IsTheMeanOfItsWindow) {
    std::vector<double> ys;
    for (int i = 0; i < 200; ++i) ys.push_back(i % 17 == 3 ? std::nan("") : std::sin(i) + i * 0.01);
    ys[90] = 1e30;
    for (const size_t window : {size_t{1}, size_t{2}, size_t{7}, size_t{50}, size_t{1000}}) {
        const std::vector<double> means = running_mean(ys, window);
        std::vector<double> present;
        for (size_t i = 0; i < ys.size(); ++i) {
            if (std::isnan(ys[i])) {
                EXPECT_TRUE(std::isnan(means[i]));
                continue;
            }
            present.push_back(ys[i]);
            const size_t n = std::min(window, present.size());
            double sum = 0;
            for (size_t k = present.size() - n; k < present.size(); ++k) sum += present[k];
            const double mean = sum / static_cast<double>(n);
            EXPECT_NEAR(means[i], mean, 1e-9 * std::max(1.0, std::fabs(mean)))
                << "window " << window << ", value " << i;
        }
    }
    EXPECT_TRUE(running_mean({}, 5).empty());
}

}  // namespace
}  // namespace hopscope::viz
