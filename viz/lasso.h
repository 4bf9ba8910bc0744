// Points inside a closed line that was drawn by hand. Pure functions, any thread.
#pragma once

#include <span>
#include <vector>

#include "viz/camera2d.h"

namespace hopscope::viz {

/// Whether a point lies inside the polygon, whose last corner is joined to the first; where it
/// crosses itself, inside is what an odd number of crossings away from outside is. Never for fewer
/// than three corners, or what is not finite.
bool inside_polygon(std::span<const Vec2> corners, Vec2 point);

/// The four corners of the box between two opposite ones.
std::vector<Vec2> box_corners(Vec2 a, Vec2 b);

}  // namespace hopscope::viz
