// Inside and outside of lines drawn by hand.
#include "viz/lasso.h"

#include <gtest/gtest.h>
#include <limits>

namespace hopscope::viz {
namespace {

TEST(Lasso, TellsInsideFromOutside) {
    const std::vector<Vec2> arrow = {{0, 0}, {4, 0}, {4, 4}, {2, 1}, {0, 4}};
    EXPECT_TRUE(inside_polygon(arrow, {1, 1}));
    EXPECT_TRUE(inside_polygon(arrow, {3.5f, 2}));
    EXPECT_FALSE(inside_polygon(arrow, {2, 2})) << "in the notch";
    EXPECT_FALSE(inside_polygon(arrow, {5, 1}));
    EXPECT_FALSE(inside_polygon(arrow, {-1, 0})) << "level with a corner";
    EXPECT_FALSE(inside_polygon(arrow, {1, std::numeric_limits<float>::quiet_NaN()}));
    EXPECT_FALSE(inside_polygon(std::vector<Vec2>{{0, 0}, {1, 1}}, {0.5f, 0.5f}));
}

TEST(Lasso, ABoxIsTheSameFromWhicheverCorner) {
    for (const auto& [a, b] :
         {std::pair{Vec2{1, 1}, Vec2{3, 2}}, std::pair{Vec2{3, 1}, Vec2{1, 2}}}) {
        EXPECT_TRUE(inside_polygon(box_corners(a, b), {2, 1.5f}));
        EXPECT_FALSE(inside_polygon(box_corners(a, b), {2, 2.5f}));
        EXPECT_FALSE(inside_polygon(box_corners(a, b), {0.5f, 1.5f}));
    }
}

TEST(Lasso, WhatCrossesItselfIsOddInside) {
    const std::vector<Vec2> bow = {{0, 0}, {4, 4}, {4, 0}, {0, 4}};
    EXPECT_TRUE(inside_polygon(bow, {0.5f, 2}));
    EXPECT_TRUE(inside_polygon(bow, {3.5f, 2}));
    EXPECT_FALSE(inside_polygon(bow, {2, 0.5f}));
}

}  // namespace
}  // namespace hopscope::viz
