// The turn of the picture: where axes fall, that it turns rigidly, and the order by depth.
#include "viz/orbit.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace hopscope::viz {
namespace {

void expect_near(Vec3 a, Vec3 b) {
    EXPECT_NEAR(a.x, b.x, 1e-5);
    EXPECT_NEAR(a.y, b.y, 1e-5);
    EXPECT_NEAR(a.z, b.z, 1e-5);
}

TEST(Orbit, UnturnedIsTheFlatPicture) {
    Camera2d camera;
    camera.size = {640, 480};
    camera.center = {0.3f, -0.2f};
    EXPECT_EQ(Orbit{}.matrix(camera), camera.matrix());
    expect_near(Orbit{}.turned({1, 2, 3}), {1, 2, 3});
}

TEST(Orbit, LooksAlongAnAxisFromItsPositiveEnd) {
    const Vec3 ends[] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    for (int axis = 0; axis < 3; ++axis) {
        Orbit orbit;
        orbit.look_along(axis);
        expect_near(orbit.turned(ends[axis]), {0, 0, 1});
    }
}

// What is dragged follows the pointer: the near side moves with it.
TEST(Orbit, TheNearSideFollowsThePointer) {
    Orbit right;
    right.drag({50, 0}, 200);
    EXPECT_NEAR(right.turned({0, 0, 1}).x, std::sin(0.25), 1e-5);
    Orbit down;
    down.drag({0, 50}, 200);
    EXPECT_NEAR(down.turned({0, 0, 1}).y, -std::sin(0.25), 1e-5);
    down.drag({0, 1e6f}, 200);
    EXPECT_LE(down.pitch, 1.5708f) << "it must not go over the pole";
    down.drag({1, 1}, 0);
    EXPECT_TRUE(std::isfinite(down.yaw));
}

TEST(Orbit, TurnsRigidlyAboutItsPivot) {
    Orbit orbit{0.7f, -0.4f, {0.2f, 0.5f, -0.1f}};
    expect_near(orbit.turned(orbit.pivot), orbit.pivot);
    const Vec3 p = {0.9f, -0.3f, 0.4f};
    expect_near(orbit.back(orbit.turned(p)), p);
    const Vec3 t = orbit.turned(p);
    const auto distance = [&](Vec3 a) {
        return std::hypot(a.x - orbit.pivot.x, a.y - orbit.pivot.y, a.z - orbit.pivot.z);
    };
    EXPECT_NEAR(distance(t), distance(p), 1e-5);
    Camera2d camera;
    camera.size = {640, 480};
    camera.center = {0.1f, 0.2f};
    const auto m = orbit.matrix(camera);
    const Vec2 screen = camera.to_screen({t.x, t.y});
    EXPECT_NEAR((m[0] * p.x + m[4] * p.y + m[8] * p.z + m[12] + 1) / 2 * 640, screen.x, 1e-2);
    EXPECT_NEAR((1 - (m[1] * p.x + m[5] * p.y + m[9] * p.z + m[13])) / 2 * 480, screen.y, 1e-2);
}

TEST(Orbit, DepthOrderIsFromBackToFront) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> depth = {0.5f, -1, nan, 1, -1, 0};
    EXPECT_EQ(depth_order(depth), (std::vector<uint32_t>{2, 1, 4, 5, 0, 3}));
    EXPECT_EQ(depth_order(std::vector<float>{2, 2, 2}), (std::vector<uint32_t>{0, 1, 2}));
    EXPECT_TRUE(depth_order({}).empty());
}

}  // namespace
}  // namespace hopscope::viz
