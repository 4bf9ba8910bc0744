// Which point lies under the pointer: a uniform grid over points in the world, built once a
// picture, asked with the present zoom. Pure, built on any thread; owned by the picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "viz/camera2d.h"

namespace hopscope::viz {

class HitGrid {
  public:
    HitGrid() = default;
    /// `points` [n] world, `radius` [n] pixels of each glyph. Points that are not finite are never
    /// hit.
    HitGrid(std::vector<Vec2> points, std::vector<float> radius);

    size_t size() const { return points_.size(); }
    /// Index of the point under `at` (world), or −1. A glyph that covers `at` wins over one that
    /// only lies near; among glyphs that cover it the last one, which is drawn in front; otherwise
    /// the nearest centre within its radius + `slack` pixels. `zoom`: pixels per unit.
    int64_t hit(Vec2 at, float zoom, float slack) const;
    /// All points within the box, in rising order.
    std::vector<int64_t> inside(Vec2 low, Vec2 high) const;

  private:
    int column(float x) const;
    int row(float y) const;
    template <class Visit>
    void visit(Vec2 low, Vec2 high, Visit visit) const;

    std::vector<Vec2> points_;
    std::vector<float> radius_;
    float largest_ = 0;
    Vec2 low_;
    float cell_x_ = 1, cell_y_ = 1;
    int columns_ = 0, rows_ = 0;
    std::vector<uint32_t> start_, index_;  ///< [cells + 1], points ordered by cell
};

}  // namespace hopscope::viz
