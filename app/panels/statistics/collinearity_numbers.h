// How alike the centroids of a layer are [def:collinearity]: the matrix of their cosines, the
// closest pairs, and what chance alone would give the closest one [def:closest_pair]. Pure
// functions, some tens of milliseconds: made aside.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "app/panels/statistics/row_order.h"
#include "core/api/snapshot.h"
#include "viz/random_cosine.h"
#include "viz/similarity.h"

namespace hopscope::app {

inline constexpr size_t kClosestPairs = 100;

/// Pairwise cosines of the centroids of one layer.
struct Collinearity {
    RowOrder order = RowOrder::similarity;
    int64_t step = 0, layer = 0, experts = 0;
    std::vector<int32_t> shown;         ///< [n ≤ kMatrixRows] the expert of each row
    std::vector<float> cosines;         ///< [n, n]
    viz::SimilaritySummary all;         ///< over all experts, shown or not
    int64_t width = 0;                  ///< of the space: the highest rank
    int64_t directions = 0;             ///< of what random directions are drawn in
    std::vector<viz::RowPair> closest;  ///< of all, highest cosine first
    viz::LargestCosine chance;          ///< of the first of these, for as many random directions
    bool empty() const { return shown.empty(); }
};
/// Empty where the router has no centroids. `cluster_of` [experts], for the order by clusters.
/// `width`: of the rows of an imported model, which the snapshot has in the space they span.
Collinearity collinearity_of(const core::GeometrySnapshot& snapshot, size_t layer, RowOrder order,
                             std::span<const int64_t> cluster_of = {}, int64_t width = 0);
std::string caption_of(const Collinearity& c);

}  // namespace hopscope::app
