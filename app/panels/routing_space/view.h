// What the routing-space panel shows, computed from snapshots without ImGui: projected points with
// their glyphs and trails of centroids. Pure values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "app/panels/routing_space/paint.h"
#include "app/state/archive.h"
#include "app/state/selection.h"
#include "core/api/snapshot.h"
#include "viz/axes.h"
#include "viz/hit_grid.h"
#include "viz/orbit.h"
#include "viz/places.h"
#include "viz/point_renderer.h"
#include "viz/quantity.h"

namespace hopscope::app {

struct SpaceOptions {
    int64_t layer = 0;
    int64_t hop = -1;  ///< kAllHops or 0 … H−1
    SpaceLook look;
    viz::AxesChoice axes;
    bool solid = false;  ///< in three dimensions
    bool dark = true;
    viz::ColourMap map = viz::ColourMap::automatic;  ///< of values
    bool tokens = true;                              ///< centroids alone when off
    float scale = 1;                                 ///< of glyph sizes
    uint32_t background = 0;                         ///< outline of centroids
    uint32_t guide = 0;                              ///< colour of the unit circle and the cross
    std::vector<std::string> hidden_classes;
    std::vector<uint8_t> hits;       ///< [experts] the others are faint; empty: none is
    const Chosen* hidden = nullptr;  ///< not drawn; outlives the call. null: nothing is
    uint64_t hidden_version = 0;     ///< of what `hidden` points to
    bool operator==(const SpaceOptions&) const = default;
};

using SpaceItem = viz::PointItem;

/// Points in drawing order: tokens first, then centroids, so that centroids lie in front.
struct SpaceView {
    int64_t layer = -1;  ///< that it shows
    viz::AxesChoice axes;
    bool solid = false;
    viz::Basis basis;  ///< of the picture
    std::vector<viz::Point> points;
    std::vector<SpaceItem> items;  ///< [points]
    std::vector<viz::Segment> lines;
    viz::HitGrid grid;          ///< of the flat picture
    viz::Vec2 low, high;        ///< box of all points; low > high: there is none
    viz::Vec3 origin;           ///< where the centre of the unit sphere falls
    std::vector<float> sizes;   ///< [experts] diameters of the centroids; 0: hidden
    std::vector<float> coords;  ///< [experts, 3] of the centroids
    int64_t tail_from = -1;     ///< step of the oldest snapshot in a tail; −1: no tails
    LookValues values;          ///< behind colour, size and opacity
    std::array<std::string, viz::kAxes> axis_names;
    /// Part of the variance of this snapshot along the axes of the picture.
    std::array<double, viz::kAxes> variance{};
    bool empty() const { return points.empty(); }
    /// Of an expert that there is.
    viz::Vec3 centroid(int64_t expert) const {
        const float* at = &coords[static_cast<size_t>(3 * expert)];
        return {at[0], at[1], at[2]};
    }
};

inline constexpr size_t kLongestTail = 60;  ///< snapshots

/// Whether the layer has positions of so many tokens that a picture of them, or values of each,
/// take longer than a frame has time for.
bool has_many_points(const core::GeometrySnapshot& snapshot, size_t layer);

/// Projects the last snapshot of `past`. `trail`: how many before it the tails of centroids reach
/// back. `values`: of options.look.
SpaceView space_view(const Past& past, const viz::Places& places, size_t trail,
                     const SpaceOptions& options, const LookValues& values);
/// The same, the values computed at once.
SpaceView space_view(const Past& past, const viz::Places& places, size_t trail,
                     const SpaceOptions& options);

}  // namespace hopscope::app
