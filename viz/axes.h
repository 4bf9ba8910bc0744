// Which directions of routing space the picture shows: the principal axes, two centroids, raw
// dimensions, or random directions. Every choice gives an orthonormal basis, so that project() and
// the share of the variance mean the same for all. Pure functions, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/api/snapshot.h"
#include "viz/pca.h"

namespace hopscope::viz {

enum class AxesKind : uint8_t { principal, centroids, raw, random };
const char* name_of(AxesKind kind);

struct AxesChoice {
    AxesKind kind = AxesKind::principal;
    int64_t first = 0, second = 1;  ///< experts, or dimensions of the space; not of the others
    uint64_t seed = 1;              ///< of random ones
    bool operator==(const AxesChoice&) const = default;
};

/// Why a layer has no such axes, as a sentence; "" where it has.
std::string axes_problem(const AxesChoice& choice, const core::LayerGeometry& layer);

/// The axes of a choice. `principal` is the frozen basis of the layer, and is itself the first
/// choice; the others go through the centre of the sphere.
/// Two centroids: axis 1 points to the first, so that a coordinate is the cosine to it; axis 2 is
/// what the second has beside it; axis 3 is what the principal axes have beside both. Raw
/// dimensions: the two, and the lowest of the others. Invalid where axes_problem() says why.
Basis basis_of(const AxesChoice& choice, const core::LayerGeometry& layer, const Basis& principal);

/// "axis 1", "E12", "dim 3", …
std::array<std::string, kAxes> axis_names(const AxesChoice& choice);

}  // namespace hopscope::viz
