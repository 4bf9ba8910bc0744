// Thinning of curves: extremes and gaps must survive.
#include "viz/thin.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>

namespace hopscope::viz {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> counting(size_t n) {
    std::vector<double> xs(n);
    std::iota(xs.begin(), xs.end(), 0.0);
    return xs;
}

// A single spike among 100,000 values vanishes from the plot if this fails.
TEST(Thin, KeepsEveryExtreme) {
    auto xs = counting(100000);
    std::vector<double> ys(xs.size(), 1.0);
    ys[54321] = 9.0;
    ys[777] = -9.0;
    const auto t = thin_min_max(xs, ys, 0, 99999, 500);
    EXPECT_LE(t.xs.size(), 2u * 500u);
    EXPECT_EQ(*std::max_element(t.ys.begin(), t.ys.end()), 9.0);
    EXPECT_EQ(*std::min_element(t.ys.begin(), t.ys.end()), -9.0);
    EXPECT_TRUE(std::is_sorted(t.xs.begin(), t.xs.end()));
    EXPECT_EQ(t.xs[static_cast<size_t>(std::max_element(t.ys.begin(), t.ys.end()) - t.ys.begin())],
              54321.0);
}

// The extremes of each column must be those of the values of that column.
TEST(Thin, ColumnExtremesAreExact) {
    const auto xs = counting(1000);
    std::vector<double> ys(1000);
    for (size_t i = 0; i < ys.size(); ++i) ys[i] = std::sin(static_cast<double>(i * i));
    const auto t = thin_min_max(xs, ys, 0, 1000, 10);
    ASSERT_EQ(t.xs.size(), 20u);
    for (size_t c = 0; c < 10; ++c) {
        const auto begin = ys.begin() + static_cast<long>(c) * 100;
        const auto [low, high] = std::minmax_element(begin, begin + 100);
        EXPECT_EQ(std::min(t.ys[2 * c], t.ys[2 * c + 1]), *low);
        EXPECT_EQ(std::max(t.ys[2 * c], t.ys[2 * c + 1]), *high);
    }
}

// A NaN that is merged with its neighbours hides a fault of the run.
TEST(Thin, MissingValuesAreGaps) {
    const auto xs = counting(10000);
    std::vector<double> ys(10000, 2.0);
    ys[5000] = kNan;
    ys[7000] = std::numeric_limits<double>::infinity();
    const auto t = thin_min_max(xs, ys, 0, 9999, 100);
    EXPECT_EQ(t.gap_xs, (std::vector<double>{5000, 7000}));
    EXPECT_EQ(std::count_if(t.ys.begin(), t.ys.end(), [](double y) { return std::isnan(y); }), 2);
}

// Dots are wanted for few values, and the line must leave the view on both sides.
TEST(Thin, FewValuesAreKeptWithNeighboursOutside) {
    const auto xs = counting(100);
    const auto t = thin_min_max(xs, xs, 10.5, 20.5, 640);
    EXPECT_TRUE(t.show_points);
    EXPECT_EQ(t.values_in_view, 10u);
    EXPECT_EQ(t.xs.front(), 10.0);
    EXPECT_EQ(t.xs.back(), 21.0);
    EXPECT_EQ(t.xs.size(), 12u);
    EXPECT_FALSE(thin_min_max(xs, xs, 0, 99, 640).show_points);
}

// On a log axis columns are equally wide in log x; linear columns would merge the early steps.
TEST(Thin, LogAxisKeepsEarlyDetail) {
    const auto xs = counting(100001);
    std::vector<double> ys(xs.size());
    for (size_t i = 0; i < ys.size(); ++i) ys[i] = i % 2 ? 1.0 : 0.0;
    const auto t = thin_min_max(xs, ys, 0, 100000, 100, AxisScale::log10);
    const auto early = std::count_if(t.xs.begin(), t.xs.end(), [](double x) { return x <= 10; });
    EXPECT_GE(early, 9);
    EXPECT_GT(t.xs.front(), 0.0);
}

// No input may crash: empty, reversed or zero-width views, shorter ys.
TEST(Thin, OddInputsYieldNothing) {
    const auto xs = counting(10);
    EXPECT_TRUE(thin_min_max({}, {}, 0, 1, 10).xs.empty());
    EXPECT_TRUE(thin_min_max(xs, xs, 5, 5, 10).xs.empty());
    EXPECT_TRUE(thin_min_max(xs, xs, 0, 9, 0).xs.empty());
    EXPECT_TRUE(thin_min_max(xs, xs, kNan, 9, 10).xs.empty());
    EXPECT_TRUE(thin_min_max(xs, xs, -5, -1, 10, AxisScale::log10).xs.empty());
    EXPECT_EQ(thin_min_max(xs, std::span(xs).first(3), 0, 9, 10).xs.size(), 3u);
    EXPECT_EQ(thin_min_max(xs, xs, 100, 200, 10).values_in_view, 0u);
}

}  // namespace
}  // namespace hopscope::viz
