// What lies under the pointer.
#include "viz/hit_grid.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <random>

namespace hopscope::viz {
namespace {

// The grid must find the same point as a search through all of them.
TEST(HitGrid, AgreesWithSearchThroughAll) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<Vec2> points(3000);
    std::vector<float> radius(points.size());
    for (size_t i = 0; i < points.size(); ++i) {
        points[i] = {normal(random), normal(random)};
        radius[i] = i % 10 == 0 ? 6.0f : 1.5f;
    }
    const HitGrid grid(points, radius);
    for (int trial = 0; trial < 500; ++trial) {
        const Vec2 at = {normal(random), normal(random)};
        const float zoom = trial % 2 ? 80.0f : 700.0f, slack = 4;
        int64_t covering = -1, near = -1;
        float nearest = 1e9f;
        for (size_t i = 0; i < points.size(); ++i) {
            const float d = std::hypot(points[i].x - at.x, points[i].y - at.y) * zoom;
            if (d <= radius[i]) covering = static_cast<int64_t>(i);
            if (d <= radius[i] + slack && d <= nearest) {
                nearest = d;
                near = static_cast<int64_t>(i);
            }
        }
        EXPECT_EQ(grid.hit(at, zoom, slack), covering >= 0 ? covering : near);
    }
}

// The glyph drawn last lies in front and must win where two cover the pointer.
TEST(HitGrid, FrontMostWins) {
    const HitGrid grid({{0, 0}, {0.01f, 0}}, {10, 10});
    EXPECT_EQ(grid.hit({0, 0}, 100, 3), 1);
    const HitGrid reversed({{0.01f, 0}, {0, 0}}, {10, 10});
    EXPECT_EQ(reversed.hit({0.01f, 0}, 100, 3), 1);
}

// Points without a place, empty pictures and one single point must be harmless.
TEST(HitGrid, OddInputs) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(HitGrid().hit({0, 0}, 1, 1), -1);
    EXPECT_EQ(HitGrid({{nan, 0}}, {5}).hit({0, 0}, 1, 1), -1);
    const HitGrid one({{1, 1}, {nan, nan}}, {5});
    EXPECT_EQ(one.hit({1, 1}, 100, 1), 0);
    EXPECT_EQ(one.hit({9, 9}, 100, 1), -1);
    EXPECT_EQ(one.hit({nan, 1}, 100, 1), -1);
    EXPECT_EQ(one.hit({1, 1}, 0, 1), -1);
}

// Points that are given no size are found by their centres.
TEST(HitGrid, WithoutRadiiPointsAreHitWithinTheSlack) {
    for (const std::vector<float>& radii : {std::vector<float>{}, std::vector<float>{5}}) {
        const HitGrid grid({{1, 1}, {3, 3}, {5, 5}}, radii);
        EXPECT_EQ(grid.hit({3, 3}, 100, 1), 1);
        EXPECT_EQ(grid.hit({5.005f, 5}, 100, 1), 2);
        EXPECT_EQ(grid.hit({3.02f, 3}, 100, 1), -1);
    }
}

TEST(HitGrid, BoxFindsWhatLiesInside) {
    const HitGrid grid({{0, 0}, {1, 1}, {2, 2}, {0.5f, 0.6f}}, {1, 1, 1, 1});
    EXPECT_EQ(grid.inside({-0.1f, -0.1f}, {1.1f, 1.1f}), (std::vector<int64_t>{0, 1, 3}));
    EXPECT_TRUE(grid.inside({5, 5}, {6, 6}).empty());
}

}  // namespace
}  // namespace hopscope::viz
