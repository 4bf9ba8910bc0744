// What the routing-space panel shows, computed from snapshots without ImGui: projected points with
// their glyphs, trails of centroids, paths of tokens over the hops, nearest centroids. Pure values;
// built in the panel's prepare() on the window thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "app/state/archive.h"
#include "core/api/snapshot.h"
#include "viz/colour.h"
#include "viz/hit_grid.h"
#include "viz/places.h"
#include "viz/point_renderer.h"

namespace hopscope::app {

enum class SpaceColor : uint8_t { place, load, token_class, hop };
const char* name_of(SpaceColor color);

/// How the points of a class look: twelve colours, and with each round another glyph, so that no
/// two of the first 48 classes look alike.
struct ClassMark {
    viz::Rgb color;
    viz::Glyph glyph = viz::Glyph::disc;
    bool operator==(const ClassMark&) const = default;
};
ClassMark class_mark(size_t i, bool dark);
/// Parts of one ramp, without the end that the ground of the theme swallows.
viz::Rgb hop_color(int64_t hop, int64_t hops, bool dark);
viz::Rgb load_color(float share, bool dark);  ///< 0 … 1 of the highest load

struct SpaceOptions {
    int64_t layer = 0;
    int64_t hop = -1;  ///< kAllHops or 0 … H−1
    SpaceColor color = SpaceColor::place;
    bool dark = true;
    bool tokens = true;       ///< centroids alone when off
    float scale = 1;          ///< of glyph sizes
    uint32_t background = 0;  ///< outline of centroids
    uint32_t guide = 0;       ///< colour of the unit circle and the cross
    std::vector<std::string> hidden_classes;
    std::vector<uint8_t> hits;  ///< [experts] the others are faint; empty: none is
    bool operator==(const SpaceOptions&) const = default;
};

/// What a point stands for.
struct SpaceItem {
    bool expert = false;
    int64_t index = 0;  ///< expert, or token of the probe sample
    int64_t hop = 0;    ///< of a token's position
    bool operator==(const SpaceItem&) const = default;
};

/// Points in drawing order: tokens first, then centroids, so that centroids lie in front.
struct SpaceView {
    int64_t layer = -1;  ///< that it shows
    std::vector<viz::Point> points;
    std::vector<SpaceItem> items;  ///< [points]
    std::vector<viz::Segment> lines;
    viz::HitGrid grid;
    viz::Vec2 low, high;               ///< box of all points; low > high: there is none
    viz::Vec2 origin;                  ///< where the centre of the unit sphere falls
    std::vector<float> coords;         ///< [experts, 3] of the centroids
    std::vector<std::string> classes;  ///< labels in the order of their class_mark()
    int64_t tail_from = -1;            ///< step of the oldest snapshot in a tail; −1: no tails
    /// Part of the variance of this snapshot along the axes of the picture.
    std::array<double, viz::kAxes> variance{};
    float load_max = 0;  ///< highest load × experts, for the legend
    bool empty() const { return points.empty(); }
};

inline constexpr size_t kLongestTail = 60;  ///< snapshots

/// Projects the last snapshot of `past`. `trail`: how many before it the tails of centroids reach
/// back.
SpaceView space_view(const Past& past, const viz::Places& places, size_t trail,
                     const SpaceOptions& options);

/// The way of one token through the hops of a layer.
struct TokenPath {
    std::string label;
    std::vector<viz::Vec2> at;  ///< [hops executed], world
    std::vector<int64_t> hops;
    bool prompt = false;  ///< of the prompt, else of the probe sample
};
TokenPath prompt_path(const core::TraceResult& trace, int64_t token, int64_t layer,
                      const viz::Basis& basis);
TokenPath probe_path(const core::GeometrySnapshot& snapshot, int64_t token, int64_t layer,
                     const viz::Basis& basis);

struct NearExpert {
    int64_t expert = 0;
    float cosine = 0;
};
/// The `count` centroids nearest to a unit vector by cosine, `skip` left out (−1: none).
std::vector<NearExpert> nearest_experts(const core::LayerGeometry& layer,
                                        std::span<const float> position, size_t count,
                                        int64_t skip = -1);
/// How many of the probe tokens' choices (over all hops and ranks) fall on `expert`.
int64_t choices_of(const core::LayerGeometry& layer, int64_t expert);

}  // namespace hopscope::app
