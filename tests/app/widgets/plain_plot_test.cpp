// What is written at logarithmic axes.
#include "app/widgets/plain_plot.h"

#include <gtest/gtest.h>
#include <limits>
#include <utility>

namespace hopscope::app {
namespace {

// Wrong if a logarithmic axis had no numbers, or so many that they lie over each other.
TEST(PlainPlot, EveryLogarithmicAxisHasNumbers) {
    EXPECT_EQ(log_ticks(0.385, 2.6), (std::vector<double>{0.5, 1, 2})) << "one decade within";
    EXPECT_EQ(log_ticks(0.01, 100), (std::vector<double>{0.01, 0.1, 1, 10, 100}));
    EXPECT_EQ(log_ticks(2.1, 6.3), (std::vector<double>{3, 4, 5, 6}));
    EXPECT_GE(log_ticks(4.2, 4.7).size(), 5u);
    for (double low = 1e-12; low < 1e6; low *= 3.7)
        for (double span = 1.01; span < 1e15; span *= 1.31) {
            const auto ticks = log_ticks(low, low * span);
            ASSERT_GE(ticks.size(), 2u) << low << " " << span;
            ASSERT_LE(ticks.size(), 20u) << low << " " << span;
            EXPECT_GE(ticks.front(), low * (1 - 1e-9));
            EXPECT_LE(ticks.back(), low * span * (1 + 1e-9));
        }
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    for (const auto& [low, high] : {std::pair(0.0, 1.0), {2.0, 1.0}, {1.0, 1.0}, {kNone, 1.0}})
        EXPECT_TRUE(log_ticks(low, high).empty());
}

}  // namespace
}  // namespace hopscope::app
