// geometry/step_N.safetensors: one GeometrySnapshot (centroids, projection, loads, probe positions
// and choices; fp16 where a picture needs no more), and which steps of the timeline stay. Plain
// C++, any thread; written by the trainer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/snapshot.h"
#include "core/base/result.h"

namespace hopscope::core {

/// The router's projection of one layer: [s, d], or [hops, s, d] for one a hop.
struct Projection {
    std::vector<int64_t> shape;  ///< empty: the layer has none
    std::vector<float> values;
};

inline constexpr uint64_t kGeometryBudget = uint64_t{256}
                                            << 20;  ///< bytes of all geometry files of a run

/// Tensors `layers.{l}.{centroids, load, positions, choices, weights, entropy, jaccard,
/// projection}`, `token_ids` and `next_loss`; metadata `format` ("hopscope.geometry/1"), `step`,
/// `version`, `seconds`, `pieces`, `classes` (JSON lists). Centroids, positions, weights, entropy
/// and projection are F16, load, jaccard and next_loss F32. All but token_ids, centroids and
/// choices may be absent. Errors (failed): sizes that contradict each other, the disk.
Status write_geometry(const std::string& path, const GeometrySnapshot& snapshot,
                      const std::vector<Projection>& projections = {});
/// Bytes such a file takes, to within its header.
uint64_t geometry_bytes(const GeometrySnapshot& snapshot,
                        const std::vector<Projection>& projections = {});
/// Errors (usage) name the file, the tensor, what was found and expected.
Result<GeometrySnapshot> read_geometry(const std::string& path);

/// One file of the timeline.
struct GeometryEntry {
    int64_t step = 0;
    uint64_t bytes = 0;
};

/// The steps to delete so that the entries fit into `budget` bytes, and those that stay are spread
/// evenly over the logarithm of the step. The newest always stays, the oldest unless two are
/// already too many; so nothing rotates. So does the first at or after `settled`, to which the
/// pictures of the run are fitted, unless three are too many.
std::vector<int64_t> thin_geometry(std::vector<GeometryEntry> entries, uint64_t budget,
                                   int64_t settled = -1);

}  // namespace hopscope::core
