// Points in space as one row-major array, and distances between them: the input of silhouette and
// HDBSCAN. A view; the caller owns the numbers. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/stats/interval.h"

namespace hopscope::core::stats {

/// [count, dim], row-major.
struct Points {
    Numbers data;
    int64_t count = 0;
    int64_t dim = 0;

    Numbers row(int64_t i) const {
        return data.subspan(static_cast<size_t>(i * dim), static_cast<size_t>(dim));
    }
};
/// Faults (std::invalid_argument) where the sizes disagree.
Points points(Numbers data, int64_t count, int64_t dim);

/// Euclidean distances from one point to all. Keeps a copy by coordinates, so that the sums of many
/// points grow side by side, each in the order of its coordinates.
class EuclideanRows {
  public:
    explicit EuclideanRows(const Points& points);
    /// Distances from point i, [count].
    void from(int64_t i, std::vector<double>& out) const;

  private:
    size_t count_ = 0, dim_ = 0;
    std::vector<double> columns_;  ///< [dim, count]
};

enum class Metric {
    euclidean,
    cosine,  ///< 1 − cosine; a zero vector has distance 1 to everything but itself
};

/// All distances, [count, count] row-major; memory is 8 · count² bytes.
std::vector<double> distance_matrix(const Points& points, Metric metric);

}  // namespace hopscope::core::stats
