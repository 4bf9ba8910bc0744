// The two centroids that lie nearest to each token of a layer. Pure functions, any thread; not
// within a frame.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/snapshot.h"

namespace hopscope::viz {

/// For each position of the sample [hops, tokens]: the nearest centroid by cosine, its cosine, and
/// that of the second. hops · tokens · experts · d_space steps: not within a frame.
struct NearestTwo {
    std::vector<int32_t> expert;
    std::vector<float> first, second;
};
NearestTwo nearest_two(const core::LayerGeometry& layer);

}  // namespace hopscope::viz
