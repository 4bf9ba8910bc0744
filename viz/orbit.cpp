#include "viz/orbit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hopscope::viz {
namespace {

constexpr float kPole = std::numbers::pi_v<float> / 2;
constexpr uint32_t kDepths = 1024;

}  // namespace

std::array<float, 9> Orbit::rows() const {
    const float cy = std::cos(yaw), sy = std::sin(yaw), cp = std::cos(pitch), sp = std::sin(pitch);
    return {cy, 0, sy, sp * sy, cp, -sp * cy, -cp * sy, sp, cp * cy};
}

Vec3 Orbit::turned(Vec3 p) const {
    const auto m = rows();
    const float x = p.x - pivot.x, y = p.y - pivot.y, z = p.z - pivot.z;
    return {pivot.x + m[0] * x + m[1] * y + m[2] * z, pivot.y + m[3] * x + m[4] * y + m[5] * z,
            pivot.z + m[6] * x + m[7] * y + m[8] * z};
}

Vec3 Orbit::back(Vec3 p) const {
    const auto m = rows();
    const float x = p.x - pivot.x, y = p.y - pivot.y, z = p.z - pivot.z;
    return {pivot.x + m[0] * x + m[3] * y + m[6] * z, pivot.y + m[1] * x + m[4] * y + m[7] * z,
            pivot.z + m[2] * x + m[5] * y + m[8] * z};
}

void Orbit::drag(Vec2 pixels, float radius) {
    if (!(radius > 0)) return;
    yaw = std::remainder(yaw + pixels.x / radius, 2 * std::numbers::pi_v<float>);
    pitch = std::clamp(pitch + pixels.y / radius, -kPole, kPole);
}

void Orbit::look_along(int axis) {
    yaw = axis == 0 ? -kPole : 0;
    pitch = axis == 1 ? kPole : 0;
}

std::array<float, 16> Orbit::matrix(const Camera2d& camera) const {
    const auto flat = camera.matrix();
    const auto m = rows();
    const float sx = flat[0], sy = flat[5];
    // What stays of the pivot: turned(p) = pivot + M (p − pivot).
    const Vec3 at = turned({0, 0, 0});
    return {sx * m[0],
            sy * m[3],
            0,
            0,
            sx * m[1],
            sy * m[4],
            0,
            0,
            sx * m[2],
            sy * m[5],
            0,
            0,
            sx * at.x + flat[12],
            sy * at.y + flat[13],
            0,
            1};
}

std::vector<uint32_t> depth_order(std::span<const float> depth) {
    float low = std::numeric_limits<float>::max(), high = std::numeric_limits<float>::lowest();
    for (const float d : depth)
        if (std::isfinite(d)) low = std::min(low, d), high = std::max(high, d);
    const float scale = high > low ? static_cast<float>(kDepths - 2) / (high - low) : 0;
    const auto bucket = [&](float d) {
        return std::isfinite(d) ? 1 + static_cast<uint32_t>((d - low) * scale) : 0u;
    };
    std::vector<uint32_t> start(kDepths + 1, 0), order(depth.size());
    for (const float d : depth) ++start[std::min(bucket(d), kDepths - 1) + 1];
    for (size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
    for (size_t i = 0; i < depth.size(); ++i)
        order[start[std::min(bucket(depth[i]), kDepths - 1)]++] = static_cast<uint32_t>(i);
    return order;
}

}  // namespace hopscope::viz
