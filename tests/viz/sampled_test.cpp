// Intervals in closed form, against SciPy and by hand.
#include "viz/sampled.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

namespace hopscope::viz {
namespace {

// Wrong if it were another interval: scipy.stats.binomtest(k, n).proportion_ci(method="wilson").
TEST(Sampled, Wilson) {
    const Interval some = wilson_interval(7, 20);
    EXPECT_NEAR(some.low, 0.181192, 1e-6);
    EXPECT_NEAR(some.high, 0.567146, 1e-6);
    const Interval none = wilson_interval(0, 10);
    EXPECT_NEAR(none.low, 0.0, 1e-9);
    EXPECT_NEAR(none.high, 0.277533, 1e-6);
    EXPECT_TRUE(std::isnan(wilson_interval(0, 0).low));
}

// Wrong if the spread were divided by n, or values that are none counted.
TEST(Sampled, MeanOfWhatIsFinite) {
    const std::vector<double> values = {1, 2, std::nan(""), 4, 5};
    const SampledMean mean = sampled_mean(values);
    EXPECT_EQ(mean.n, 4);
    EXPECT_DOUBLE_EQ(mean.mean, 3);
    // Standard error √((4 + 1 + 1 + 4) / 3 / 4).
    EXPECT_NEAR(mean.half(), 1.959964 * std::sqrt(10.0 / 12.0), 1e-6);
    EXPECT_TRUE(std::isnan(sampled_mean(std::vector<double>{2}).ci95.low));
    EXPECT_TRUE(std::isnan(sampled_mean(std::vector<double>{}).mean));
}

}  // namespace
}  // namespace hopscope::viz
