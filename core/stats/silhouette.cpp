#include "core/stats/silhouette.h"

#include <algorithm>
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

double cosine_silhouette(const Points& units, std::span<const int32_t> labels,
                         std::span<const int32_t> times) {
    const auto n = static_cast<size_t>(units.count), dim = static_cast<size_t>(units.dim);
    if (labels.size() != n || times.size() != n)
        throw std::invalid_argument("cosine silhouette: one label and one count a row is needed");
    const Groups groups = compact(labels);
    const size_t g = groups.sizes.size();
    std::vector<double> sums(g * dim, 0.0), sizes(g, 0.0);
    double all = 0;
    for (size_t i = 0; i < n; ++i) {
        if (groups.of[i] < 0) continue;
        const auto of = static_cast<size_t>(groups.of[i]);
        const double* row = units.data.data() + i * dim;
        for (size_t d = 0; d < dim; ++d) sums[of * dim + d] += times[i] * row[d];
        sizes[of] += times[i];
        all += times[i];
    }
    const auto filled = std::count_if(sizes.begin(), sizes.end(), [](double s) { return s > 0; });
    if (filled < 2 || static_cast<double>(filled) >= all) return kNaN;
    double total = 0;
    for (size_t i = 0; i < n; ++i) {
        if (groups.of[i] < 0 || times[i] == 0) continue;
        const auto own = static_cast<size_t>(groups.of[i]);
        if (sizes[own] <= 1) continue;  // alone in its group: 0
        const double* row = units.data.data() + i * dim;
        double inside = 0, outside = std::numeric_limits<double>::infinity();
        for (size_t k = 0; k < g; ++k) {
            if (sizes[k] == 0) continue;
            double dot = 0;
            for (size_t d = 0; d < dim; ++d) dot += sums[k * dim + d] * row[d];
            if (k != own)
                outside = std::min(outside, 1 - dot / sizes[k]);
            else  // the row itself, at distance 0, is none of the others
                inside = (sizes[k] - dot) / (sizes[k] - 1);
        }
        const double scale = std::max(inside, outside);
        total += times[i] * (scale > 0 ? (outside - inside) / scale : 0);
    }
    return total / all;
}

}  // namespace hopscope::core::stats
