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

int64_t choices_of(const core::LayerGeometry& g, int64_t expert) {
    return std::count(g.choices.begin(), g.choices.end(), static_cast<int32_t>(expert));
}

}  // namespace hopscope::app
