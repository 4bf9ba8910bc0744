// The view of a flat picture: which point of the world lies in the middle and how many pixels a
// unit has. y points up in the world and down on the screen. Plain values, owned by a panel, window
// thread only.
#pragma once

#include <array>

namespace hopscope::viz {

struct Vec2 {
    float x = 0, y = 0;
    bool operator==(const Vec2&) const = default;
};

struct Camera2d {
    Vec2 center;         ///< world
    float zoom = 100;    ///< pixels per unit
    Vec2 size = {1, 1};  ///< of the picture, pixels
    float zoom_min = 1, zoom_max = 1e6f;

    Vec2 to_screen(Vec2 world) const {
        return {size.x / 2 + (world.x - center.x) * zoom, size.y / 2 - (world.y - center.y) * zoom};
    }
    Vec2 to_world(Vec2 screen) const {
        return {center.x + (screen.x - size.x / 2) / zoom,
                center.y - (screen.y - size.y / 2) / zoom};
    }
    /// Moves the picture with the pointer by so many pixels.
    void pan(Vec2 pixels);
    /// Multiplies the zoom by `factor` so that the world point under `screen` stays there.
    void zoom_at(Vec2 screen, float factor);
    /// Shows the box from `low` to `high` with `margin` pixels around it. A box without extent is
    /// centred at the present zoom; what is not finite changes nothing.
    void fit(Vec2 low, Vec2 high, float margin);
    /// World → clip space, column-major, for the point renderer.
    std::array<float, 16> matrix() const;
    bool operator==(const Camera2d&) const = default;
};

/// Linear way from a to b at t 0 … 1; the zoom moves evenly in its logarithm.
Camera2d between(const Camera2d& a, const Camera2d& b, float t);

}  // namespace hopscope::viz
