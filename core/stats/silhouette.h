// Silhouette of given labels: how much nearer each point is to its own group than to the next one.
// Pure functions, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/stats/interval.h"
#include "core/stats/points.h"

namespace hopscope::core::stats {

struct Silhouette {
    int64_t n = 0;  ///< points with a label
    int64_t groups = 0;
    double mean = kNaN;  ///< −1 … 1; NaN with fewer than two groups, or each point its own
    std::vector<double> values;  ///< one a point; 0 for a point alone in its group, NaN unlabelled
};
/// (b − a) / max(a, b): a = mean distance to the others of its group, b = smallest mean distance to
/// another group. `distances` [n, n] row-major; labels below 0 are left out.
Silhouette silhouette(std::span<const double> distances, std::span<const int32_t> labels);
Silhouette silhouette(const Points& points, std::span<const int32_t> labels, Metric metric);

/// Mean silhouette by cosine distance of unit rows, each counted `times` over, in O(count · dim ·
/// groups): the mean distance to a group follows from the sum of its rows. Equal to `silhouette`
/// with as many copies of each row. Labels below 0 are left out.
double cosine_silhouette(const Points& units, std::span<const int32_t> labels,
                         std::span<const int32_t> times);

}  // namespace hopscope::core::stats
