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

// Wrong if a difference on both sides of 0 had numbers on one of them, or in no order.
TEST(SymlogTicks, OnBothSidesOfZero) {
    EXPECT_EQ(symlog_ticks(-1, 100, 0.1),
              (std::vector<double>{-1, -0.5, -0.2, -0.1, 0, 0.1, 1, 10, 100}));
    EXPECT_EQ(symlog_ticks(2.1, 6.3, 0.1), log_ticks(2.1, 6.3)) << "far from 0 it is logarithmic";
    for (const double low : {-3.0, -0.02, 0.0, 0.4}) {
        const auto ticks = symlog_ticks(low, 5, 0.01);
        EXPECT_TRUE(std::is_sorted(ticks.begin(), ticks.end()));
        EXPECT_GE(ticks.size(), 3u);
    }
    EXPECT_TRUE(symlog_ticks(1, 0, 0.1).empty());
    EXPECT_TRUE(symlog_ticks(0, 1, 0).empty());
}

// Wrong if times were cut into tenths of an hour, or too many were written.
TEST(TimeTicks, PartsOfMinutesHoursAndDays) {
    EXPECT_EQ(time_ticks(0, 100, 5), (std::vector<double>{0, 30, 60, 90}));
    EXPECT_EQ(time_ticks(10, 7300, 5), (std::vector<double>{1800, 3600, 5400, 7200}));
    EXPECT_EQ(time_ticks(0, 86400 * 40, 5).size(), 5u);
    for (double span = 0.01; span < 1e9; span *= 1.7) {
        const auto ticks = time_ticks(3, 3 + span, 6);
        EXPECT_GE(ticks.size(), 1u) << span;
        EXPECT_LE(ticks.size(), 7u) << span;
    }
    EXPECT_TRUE(time_ticks(5, 5, 4).empty());
}

TEST(Fewer, KeepsEvenlyWhatHasRoom) {
    EXPECT_EQ(fewer({1, 2, 3}, 3), (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(fewer({1, 2, 3, 4, 5}, 3), (std::vector<double>{1, 3, 5}));
    EXPECT_TRUE(fewer({}, 3).empty());
}

}  // namespace
}  // namespace hopscope::app
