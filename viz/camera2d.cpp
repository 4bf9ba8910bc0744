#include "viz/camera2d.h"

#include <algorithm>
#include <cmath>

namespace hopscope::viz {

void Camera2d::pan(Vec2 pixels) {
    center.x -= pixels.x / zoom;
    center.y += pixels.y / zoom;
}

void Camera2d::zoom_at(Vec2 screen, float factor) {
    if (!std::isfinite(factor) || factor <= 0) return;
    const Vec2 held = to_world(screen);
    zoom = std::clamp(zoom * factor, zoom_min, zoom_max);
    const Vec2 moved = to_world(screen);
    center.x += held.x - moved.x;
    center.y += held.y - moved.y;
}

void Camera2d::fit(Vec2 low, Vec2 high, float margin) {
    const float w = high.x - low.x, h = high.y - low.y;
    if (!std::isfinite(w) || !std::isfinite(h) || w < 0 || h < 0) return;
    center = {(low.x + high.x) / 2, (low.y + high.y) / 2};
    const float room_x = std::max(size.x - 2 * margin, 8.0f);
    const float room_y = std::max(size.y - 2 * margin, 8.0f);
    float wanted = zoom;
    if (w > 0 && h > 0)
        wanted = std::min(room_x / w, room_y / h);
    else if (w > 0 || h > 0)
        wanted = w > 0 ? room_x / w : room_y / h;
    zoom = std::clamp(wanted, zoom_min, zoom_max);
}

std::array<float, 16> Camera2d::matrix() const {
    const float sx = 2 * zoom / size.x, sy = 2 * zoom / size.y;
    return {sx, 0, 0, 0, 0, sy, 0, 0, 0, 0, 0, 0, -center.x * sx, -center.y * sy, 0, 1};
}

Camera2d between(const Camera2d& a, const Camera2d& b, float t) {
    Camera2d c = b;
    c.center = {a.center.x + (b.center.x - a.center.x) * t,
                a.center.y + (b.center.y - a.center.y) * t};
    c.zoom = std::exp(std::log(a.zoom) + (std::log(b.zoom) - std::log(a.zoom)) * t);
    return c;
}

}  // namespace hopscope::viz
