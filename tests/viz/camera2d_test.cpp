// What the camera shows.
#include "viz/camera2d.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace hopscope::viz {
namespace {

Camera2d camera() {
    Camera2d c;
    c.size = {800, 600};
    c.center = {0.3f, -0.2f};
    c.zoom = 250;
    return c;
}

// If screen and world disagree, clicks select the wrong point.
TEST(Camera, ScreenAndWorldAreInverse) {
    const Camera2d c = camera();
    const Vec2 middle = c.to_screen(c.center);
    EXPECT_EQ(middle, (Vec2{400, 300}));
    const Vec2 back = c.to_world(c.to_screen({0.7f, 0.9f}));
    EXPECT_NEAR(back.x, 0.7f, 1e-5);
    EXPECT_NEAR(back.y, 0.9f, 1e-5);
    EXPECT_LT(c.to_screen({0, 1}).y, c.to_screen({0, 0}).y);
}

// Wheel zooms at the pointer: what is under it stays under it.
TEST(Camera, ZoomHoldsThePointUnderThePointer) {
    Camera2d c = camera();
    const Vec2 pointer = {123, 456}, before = c.to_world(pointer);
    c.zoom_at(pointer, 1.7f);
    EXPECT_NEAR(c.to_world(pointer).x, before.x, 1e-5);
    EXPECT_NEAR(c.to_world(pointer).y, before.y, 1e-5);
    EXPECT_NEAR(c.zoom, 425, 1e-3);
    c.zoom_at(pointer, 1e30f);
    EXPECT_EQ(c.zoom, c.zoom_max);
    c.zoom_at(pointer, std::numeric_limits<float>::quiet_NaN());
    EXPECT_EQ(c.zoom, c.zoom_max);
}

// Drag pans: the world point under the pointer moves with it.
TEST(Camera, PanFollowsThePointer) {
    Camera2d c = camera();
    const Vec2 grabbed = c.to_world({100, 100});
    c.pan({30, -20});
    const Vec2 now = c.to_world({130, 80});
    EXPECT_NEAR(now.x, grabbed.x, 1e-5);
    EXPECT_NEAR(now.y, grabbed.y, 1e-5);
}

// Fit must show all of the box; a single point or rubbish must not break the view.
TEST(Camera, FitShowsTheBox) {
    Camera2d c = camera();
    c.fit({-2, -1}, {2, 1}, 20);
    const Vec2 a = c.to_screen({-2, -1}), b = c.to_screen({2, 1});
    EXPECT_NEAR(a.x, 20, 0.01);
    EXPECT_NEAR(b.x, 780, 0.01);
    EXPECT_GE(b.y, 20);
    const float zoom = c.zoom;
    c.fit({1, 1}, {1, 1}, 20);
    EXPECT_EQ(c.zoom, zoom);
    const Camera2d before = c;
    c.fit({0, 0}, {std::numeric_limits<float>::infinity(), 1}, 20);
    EXPECT_EQ(c, before);
}

// The renderer's matrix must agree with the hit test's coordinates.
TEST(Camera, MatrixAgreesWithScreen) {
    const Camera2d c = camera();
    const auto m = c.matrix();
    const Vec2 p = {0.8f, 0.4f}, s = c.to_screen(p);
    const float x = m[0] * p.x + m[4] * p.y + m[12], y = m[1] * p.x + m[5] * p.y + m[13];
    EXPECT_NEAR((x + 1) / 2 * c.size.x, s.x, 1e-3);
    EXPECT_NEAR((1 - y) / 2 * c.size.y, s.y, 1e-3);
}

TEST(Camera, BetweenReachesBothEnds) {
    Camera2d a = camera(), b = camera();
    b.zoom = 1000;
    b.center = {2, 2};
    EXPECT_NEAR(between(a, b, 0).zoom, 250, 0.01);
    EXPECT_NEAR(between(a, b, 0.5f).zoom, 500, 0.01);
    EXPECT_NEAR(between(a, b, 1).center.x, 2, 1e-6);
}

}  // namespace
}  // namespace hopscope::viz
