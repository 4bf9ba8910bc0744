#include "viz/lasso.h"

#include <cmath>

namespace hopscope::viz {

bool inside_polygon(std::span<const Vec2> corners, Vec2 p) {
    if (corners.size() < 3 || !std::isfinite(p.x) || !std::isfinite(p.y)) return false;
    bool inside = false;
    Vec2 a = corners.back();
    for (const Vec2 b : corners) {
        // A half-open rule, so that a corner is not counted for both of its sides.
        if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + (p.y - a.y) / (b.y - a.y) * (b.x - a.x))
            inside = !inside;
        a = b;
    }
    return inside;
}

std::vector<Vec2> box_corners(Vec2 a, Vec2 b) {
    return {a, {b.x, a.y}, b, {a.x, b.y}};
}

}  // namespace hopscope::viz
