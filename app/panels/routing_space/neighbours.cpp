#include "app/panels/routing_space/neighbours.h"

#include <algorithm>
#include <cmath>

namespace hopscope::app {

std::vector<NearExpert> nearest_experts(const core::LayerGeometry& g,
                                        std::span<const float> position, size_t count,
                                        int64_t skip) {
    std::vector<NearExpert> all;
    const size_t dim = static_cast<size_t>(g.d_space);
    if (dim == 0 || position.size() != dim) return all;
    float norm = 0;
    for (const float v : position) norm += v * v;
    norm = std::sqrt(norm);
    if (!(norm > 0)) return all;
    for (size_t e = 0; (e + 1) * dim <= g.centroids.size(); ++e) {
        if (static_cast<int64_t>(e) == skip) continue;
        float dot = 0, own = 0;
        for (size_t j = 0; j < dim; ++j) {
            dot += g.centroids[e * dim + j] * position[j];
            own += g.centroids[e * dim + j] * g.centroids[e * dim + j];
        }
        if (own > 0) all.push_back({static_cast<int64_t>(e), dot / (norm * std::sqrt(own))});
    }
    count = std::min(count, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<long>(count), all.end(),
                      [](const NearExpert& a, const NearExpert& b) {
                          return a.cosine != b.cosine ? a.cosine > b.cosine : a.expert < b.expert;
                      });
    all.resize(count);
    return all;
}

float margin_of(std::span<const NearExpert> nearest) {
    return nearest.size() < 2 ? core::kNaN : nearest[0].cosine - nearest[1].cosine;
}

int64_t choices_of(const core::LayerGeometry& g, int64_t expert) {
    return std::count(g.choices.begin(), g.choices.end(), static_cast<int32_t>(expert));
}

std::span<const float> position_of(const core::LayerGeometry& g, const viz::PointItem& item) {
    const auto& rows = item.expert ? g.centroids : g.positions;
    const int64_t tokens = viz::tokens_of(g);
    const bool exists = item.index >= 0 &&
                        (item.expert ? item.index < g.experts
                                     : item.index < tokens && item.hop >= 0 && item.hop < g.hops);
    if (!exists || g.d_space <= 0) return {};
    const auto row = static_cast<size_t>(item.expert ? item.index : item.hop * tokens + item.index);
    const auto dim = static_cast<size_t>(g.d_space);
    if (rows.size() < (row + 1) * dim) return {};
    return std::span(rows).subspan(row * dim, dim);
}

std::vector<Neighbour> nearest_points(const core::LayerGeometry& g, const viz::PointItem& to,
                                      bool experts, Nearness by, size_t count) {
    std::vector<Neighbour> all;
    const auto here = position_of(g, to);
    if (here.empty()) return all;
    const int64_t n = experts ? g.experts : viz::tokens_of(g);
    for (int64_t i = 0; i < n; ++i) {
        const viz::PointItem item{experts, i, experts ? 0 : to.hop};
        const auto there = position_of(g, item);
        if (item == to || there.empty()) continue;
        float dot = 0, one = 0, other = 0, apart = 0;
        for (size_t j = 0; j < here.size(); ++j) {
            dot += here[j] * there[j];
            one += here[j] * here[j];
            other += there[j] * there[j];
            apart += (here[j] - there[j]) * (here[j] - there[j]);
        }
        if (!std::isfinite(apart)) continue;
        all.push_back({item, dot / std::sqrt(one * other), std::sqrt(apart)});
    }
    const auto nearer = [by](const Neighbour& a, const Neighbour& b) {
        const float x = by == Nearness::cosine ? -a.cosine : a.distance;
        const float y = by == Nearness::cosine ? -b.cosine : b.distance;
        if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
        return x != y ? x < y : a.item.index < b.item.index;
    };
    count = std::min(count, all.size());
    std::partial_sort(all.begin(), all.begin() + static_cast<long>(count), all.end(), nearer);
    all.resize(count);
    return all;
}

}  // namespace hopscope::app
