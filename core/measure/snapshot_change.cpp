#include "core/measure/snapshot_change.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hopscope::core {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Angle of two rows of any length, degrees; exact for small angles, too.
double angle_between(const float* a, const float* b, size_t n) {
    double aa = 0, bb = 0;
    for (size_t i = 0; i < n; ++i) {
        aa += static_cast<double>(a[i]) * static_cast<double>(a[i]);
        bb += static_cast<double>(b[i]) * static_cast<double>(b[i]);
    }
    const double la = std::sqrt(aa), lb = std::sqrt(bb);
    double apart = 0, along = 0;
    for (size_t i = 0; i < n; ++i) {
        const double x = static_cast<double>(a[i]) / la, y = static_cast<double>(b[i]) / lb;
        apart += (x - y) * (x - y);
        along += (x + y) * (x + y);
    }
    return 2 * std::atan2(std::sqrt(apart), std::sqrt(along)) * 180 / std::numbers::pi;
}

double mean_angle(const LayerGeometry& a, const LayerGeometry& b) {
    if (a.centroids.empty() || a.centroids.size() != b.centroids.size() || a.experts <= 0)
        return kNan;
    const auto experts = static_cast<size_t>(a.experts), width = a.centroids.size() / experts;
    double sum = 0;
    for (size_t e = 0; e < experts; ++e)
        sum += angle_between(a.centroids.data() + e * width, b.centroids.data() + e * width, width);
    return sum / static_cast<double>(experts);
}

}  // namespace

std::vector<LayerChange> snapshot_change(const GeometrySnapshot& from, const GeometrySnapshot& to) {
    std::vector<LayerChange> out;
    for (size_t l = 0; l < std::min(from.layers.size(), to.layers.size()); ++l) {
        const auto &a = from.layers[l], &b = to.layers[l];
        LayerChange change{mean_angle(a, b), kNan, kNan};
        const auto k = static_cast<size_t>(a.top_k);
        if (k > 0 && a.top_k == b.top_k && a.choices.size() == b.choices.size() &&
            !a.choices.empty() && from.token_ids == to.token_ids) {
            double changed = 0, jaccard = 0;
            for (size_t i = 0; i < a.choices.size(); i += k) {
                const auto* before = a.choices.data() + i;
                size_t kept = 0;
                for (size_t j = 0; j < k; ++j)
                    kept += static_cast<size_t>(std::count(before, before + k, b.choices[i + j]));
                changed += static_cast<double>(k - kept) / static_cast<double>(k);
                jaccard += static_cast<double>(kept) / static_cast<double>(2 * k - kept);
            }
            const auto sets = static_cast<double>(a.choices.size() / k);
            change.changed = changed / sets;
            change.jaccard = jaccard / sets;
        }
        out.push_back(change);
    }
    return out;
}

}  // namespace hopscope::core
