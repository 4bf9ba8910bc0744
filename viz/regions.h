// Which centroid is the nearest at each place of a plane of routing space, and by how much. Pure
// functions, any thread; what takes longer than a frame says so.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "viz/camera2d.h"
#include "viz/heatmap.h"
#include "viz/pca.h"

namespace hopscope::viz {

/// A square of the plane of the first two axes, cut into cells; row 0 is the uppermost.
struct PlaneRegions {
    int side = 0;                  ///< cells
    Vec2 low, high;                ///< world, of the square
    std::vector<int32_t> nearest;  ///< [side, side] expert; −1 where no direction is
    std::vector<float> margin;  ///< [side, side] cosine to it − cosine to the second; NaN without
};

/// Regions in the plane through the mean of the centroids along the first two axes
/// [def:plane_region]. `centroids` [n, s]; those that are not finite, or of length 0, have no
/// region. side² · n: 67 million steps at n = 1024 and side 256, not within a frame.
PlaneRegions plane_regions(const Basis& basis, std::span<const float> centroids, Vec2 low,
                           Vec2 high, int side);

/// Regions as a picture to lay over points: each in its colour [experts], borders stronger; nothing
/// outside the circle in the square.
Raster region_raster(const PlaneRegions& regions, std::span<const Rgb> colors, float alpha);
/// Margins as a picture: opaque at the border of two regions, clear where the margin is the highest
/// of the picture, in `shade` (0xBBGGRR).
Raster margin_raster(const PlaneRegions& regions, uint32_t shade, float alpha);

}  // namespace hopscope::viz
