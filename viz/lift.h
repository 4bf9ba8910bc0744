// A centroid that is moved in the picture, lifted back to the whole space, and what the move does
// to the nearest centroids of tokens. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "core/api/snapshot.h"
#include "viz/nearest_two.h"
#include "viz/orbit.h"
#include "viz/pca.h"

namespace hopscope::viz {

/// The unit vector to which the unit vector `from` [s] comes when it is moved by `by` along the
/// axes of the picture and put back on the sphere; what lies off the axes stays. `from` itself
/// where nothing would be left.
std::vector<float> lifted(const Basis& basis, std::span<const float> from, Vec3 by);

/// Between two directions, degrees; NaN where one is none.
float degrees_between(std::span<const float> a, std::span<const float> b);

/// A unit vector `degrees` away from `from`, in a direction drawn evenly from all.
std::vector<float> random_move(std::span<const float> from, float degrees, std::mt19937_64& bits);

/// Positions whose nearest centroid is another one when the centroid of `expert` lies at `to`
/// [s], a unit vector. `near`: of the same layer. O(hops · tokens · d_space).
int64_t changed_by_move(const core::LayerGeometry& layer, const NearestTwo& near, int64_t expert,
                        std::span<const float> to);

}  // namespace hopscope::viz
