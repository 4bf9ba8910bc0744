// The turn of a picture in three dimensions: the points are turned about a pivot and then seen by
// the flat camera, in parallel projection, so that lengths at the same depth compare and the
// gestures are those of the flat picture. Plain values, owned by a panel.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "viz/camera2d.h"

namespace hopscope::viz {

struct Vec3 {
    float x = 0, y = 0, z = 0;
    bool operator==(const Vec3&) const = default;
};

struct Orbit {
    float yaw = 0, pitch = 0;  ///< radians; both 0: axis 1 to the right, 2 up, 3 to the viewer
    Vec3 pivot;                ///< world; it stays where it is

    /// World → turned: x to the right, y up, z to the viewer.
    Vec3 turned(Vec3 world) const;
    /// The way back.
    Vec3 back(Vec3 turned) const;
    /// Turns with the pointer, `radius` pixels for one radian. The pitch stops at the poles.
    void drag(Vec2 pixels, float radius);
    /// Looks along an axis, 0 … 2, from its positive end.
    void look_along(int axis);
    /// World → clip space of the flat camera, column-major.
    std::array<float, 16> matrix(const Camera2d& camera) const;
    bool operator==(const Orbit&) const = default;

  private:
    std::array<float, 9> rows() const;
};

/// Indices of points from the farthest to the nearest by depth (larger is nearer), in steps of a
/// thousandth of the range; equal ones keep their order. What is not finite comes first.
std::vector<uint32_t> depth_order(std::span<const float> depth);

}  // namespace hopscope::viz
