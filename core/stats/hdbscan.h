// HDBSCAN: clusters of varying density without a given number of them (Campello, Moulavi and
// Sander) [def:clusters]. Same labels as scikit-learn's, up to their numbering and to ties between
// equal distances. Pure functions, any thread; time O(count² · dim), memory O(count · dim).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/stats/points.h"

namespace hopscope::core::stats {

struct HdbscanOptions {
    int64_t min_cluster_size = 5;  ///< ≥ 2
    int64_t min_samples = 5;       ///< ≥ 1; neighbours that make a point dense, itself included
    /// Told the share of the work that is done, now and then; false stops (no clusters are found).
    std::function<bool(double share)> go_on = [](double) { return true; };
};

struct Hdbscan {
    int64_t n = 0;
    std::vector<int32_t> labels;  ///< one a point; −1 = in no cluster
    std::vector<double> stability;  ///< one a cluster: Σ (λ at which a member leaves − λ of birth)
    int64_t clusters() const { return static_cast<int64_t>(stability.size()); }
};
/// Euclidean distance (for cosine, normalise the rows first), excess of mass, never one cluster of
/// everything. Clusters are numbered by their first member. No clusters where count <
/// min_cluster_size or a number is not finite.
Hdbscan hdbscan(const Points& points, const HdbscanOptions& options);

}  // namespace hopscope::core::stats
