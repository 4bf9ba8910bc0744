#include "core/analyses/snapshot_change.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/sets.h"

namespace hopscope::core::analysis {
namespace {

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

std::vector<double> angles_between(const LayerGeometry& a, const LayerGeometry& b) {
    if (a.centroids.empty() || a.centroids.size() != b.centroids.size() || a.experts <= 0)
        return {};
    const auto experts = static_cast<size_t>(a.experts), width = a.centroids.size() / experts;
    std::vector<double> out;
    for (size_t e = 0; e < experts; ++e)
        out.push_back(
            angle_between(a.centroids.data() + e * width, b.centroids.data() + e * width, width));
    return out;
}

}  // namespace

std::vector<LayerChange> snapshot_change(const GeometrySnapshot& from, const GeometrySnapshot& to) {
    std::vector<LayerChange> out;
    for (size_t l = 0; l < std::min(from.layers.size(), to.layers.size()); ++l) {
        const auto &a = from.layers[l], &b = to.layers[l];
        LayerChange change{angles_between(a, b), {}, {}};
        const auto k = static_cast<size_t>(a.top_k), tokens = from.token_ids.size();
        if (k > 0 && tokens > 0 && a.top_k == b.top_k && a.choices.size() == b.choices.size() &&
            !a.choices.empty() && from.token_ids == to.token_ids) {
            // [hops, tokens, k]; the hops of a token are no independent draws.
            const size_t each = k * tokens, count = a.choices.size() / each;
            const auto hops = static_cast<double>(count);
            change.changed.assign(tokens, 0.0);
            change.jaccard.assign(tokens, 0.0);
            for (size_t i = 0; i < a.choices.size(); i += k) {
                const size_t t = i / k % tokens;
                const auto kept = static_cast<size_t>(
                    common_items({a.choices.data() + i, k}, {b.choices.data() + i, k}));
                change.changed[t] += static_cast<double>(k - kept) / static_cast<double>(k) / hops;
                change.jaccard[t] +=
                    static_cast<double>(kept) / static_cast<double>(2 * k - kept) / hops;
            }
        }
        out.push_back(std::move(change));
    }
    return out;
}

}  // namespace hopscope::core::analysis
