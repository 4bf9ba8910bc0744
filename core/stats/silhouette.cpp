#include "core/stats/silhouette.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

namespace hopscope::core::stats {
namespace {

/// Labels as 0 … groups − 1, −1 for those left out.
struct Groups {
    std::vector<int32_t> of;
    std::vector<double> sizes;
};

Groups compact(std::span<const int32_t> labels) {
    std::map<int32_t, int32_t> index;
    for (const int32_t label : labels)
        if (label >= 0) index.emplace(label, 0);
    int32_t next = 0;
    for (auto& [label, group] : index) group = next++;
    Groups out{{}, std::vector<double>(index.size(), 0.0)};
    for (const int32_t label : labels) {
        out.of.push_back(label < 0 ? -1 : index.at(label));
        if (label >= 0) out.sizes[static_cast<size_t>(out.of.back())] += 1;
    }
    return out;
}

}  // namespace

Silhouette silhouette(std::span<const double> distances, std::span<const int32_t> labels) {
    const size_t n = labels.size();
    if (distances.size() != n * n)
        throw std::invalid_argument("silhouette: distances are not labels × labels");
    const Groups groups = compact(labels);
    Silhouette out;
    out.groups = static_cast<int64_t>(groups.sizes.size());
    out.n = std::count_if(labels.begin(), labels.end(), [](int32_t label) { return label >= 0; });
    out.values.assign(n, kNaN);
    if (out.groups < 2 || out.groups >= out.n) return out;
    std::vector<double> sums(groups.sizes.size());
    double total = 0;
    for (size_t i = 0; i < n; ++i) {
        const int32_t own = groups.of[i];
        if (own < 0) continue;
        std::fill(sums.begin(), sums.end(), 0.0);
        for (size_t j = 0; j < n; ++j)
            if (groups.of[j] >= 0) sums[static_cast<size_t>(groups.of[j])] += distances[i * n + j];
        double value = 0;
        if (const double others = groups.sizes[static_cast<size_t>(own)] - 1; others > 0) {
            const double inside = sums[static_cast<size_t>(own)] / others;
            double outside = std::numeric_limits<double>::infinity();
            for (size_t g = 0; g < sums.size(); ++g)
                if (g != static_cast<size_t>(own))
                    outside = std::min(outside, sums[g] / groups.sizes[g]);
            const double scale = std::max(inside, outside);
            value = scale > 0 ? (outside - inside) / scale : 0;
        }
        out.values[i] = value;
        total += value;
    }
    out.mean = total / static_cast<double>(out.n);
    return out;
}

Silhouette silhouette(const Points& points, std::span<const int32_t> labels, Metric metric) {
    if (labels.size() != static_cast<size_t>(points.count))
        throw std::invalid_argument("silhouette: one label a point is needed");
    return silhouette(distance_matrix(points, metric), labels);
}

Permutation silhouette_null(std::span<const double> distances, std::span<const int32_t> labels,
                            const PermutationOptions& options) {
    return permute_labels(
        labels, [&](std::span<const int32_t> moved) { return silhouette(distances, moved).mean; },
        options);
}

}  // namespace hopscope::core::stats
