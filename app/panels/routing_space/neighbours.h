// What lies near a point of routing space, in all its dimensions and not in the picture. Pure
// functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/api/snapshot.h"

namespace hopscope::app {

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
