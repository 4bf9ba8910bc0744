// What lies near a point of routing space, in all its dimensions and not in the picture. Pure
// functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/api/snapshot.h"
#include "viz/quantity.h"

namespace hopscope::app {

struct NearExpert {
    int64_t expert = 0;
    float cosine = 0;
};
/// The `count` centroids nearest to a unit vector by cosine, `skip` left out (−1: none).
std::vector<NearExpert> nearest_experts(const core::LayerGeometry& layer,
                                        std::span<const float> position, size_t count,
                                        int64_t skip = -1);
/// Of a position whose nearest these are: cosine of the first less that of the second, 0 on the
/// border of two regions [def:region_margin]; NaN where there are not two.
float margin_of(std::span<const NearExpert> nearest);
/// How many of the probe tokens' choices (over all hops and ranks) fall on `expert`.
int64_t choices_of(const core::LayerGeometry& layer, int64_t expert);

/// Where a point lies, [d_space]; empty where there is no such point.
std::span<const float> position_of(const core::LayerGeometry& layer, const viz::PointItem& item);

struct Neighbour {
    viz::PointItem item;
    float cosine = 0;    ///< NaN where one of the two has no direction
    float distance = 0;  ///< Euclidean
};
enum class Nearness : uint8_t { cosine, distance };
/// The `count` centroids (`experts`), or token positions of the same hop, nearest to `to`, which is
/// left out; nearest first, equal ones by index. O(points · d_space).
std::vector<Neighbour> nearest_points(const core::LayerGeometry& layer, const viz::PointItem& to,
                                      bool experts, Nearness by, size_t count);

}  // namespace hopscope::app
