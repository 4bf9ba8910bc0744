#include "app/panels/statistics/collinearity_numbers.h"

#include <algorithm>

namespace hopscope::app {

Collinearity collinearity_of(const core::GeometrySnapshot& snapshot, size_t layer, RowOrder order,
                             std::span<const int64_t> cluster_of, int64_t width) {
    Collinearity c;
    c.order = order;
    c.step = snapshot.step;
    c.layer = static_cast<int64_t>(layer);
    if (layer >= snapshot.layers.size()) return c;
    const core::LayerGeometry& g = snapshot.layers[layer];
    if (g.experts < 1 || g.centroids.empty() ||
        g.centroids.size() % static_cast<size_t>(g.experts) != 0)
        return c;
    c.experts = g.experts;
    c.width = static_cast<int64_t>(g.centroids.size()) / g.experts;
    c.all = viz::summarise_similarity(g.centroids, c.width);
    c.closest = viz::closest_pairs(g.centroids, c.width, kClosestPairs);
    c.directions = std::max(width, c.width);
    c.chance = viz::largest_random_cosine(c.all.rows, c.directions);
    std::vector<float> load = g.load;
    load.resize(static_cast<size_t>(g.experts), 0.0f);
    const std::vector<int32_t> by_load = viz::spread_over_ranks(load, kMatrixRows);
    const std::vector<float> cosines = viz::cosines_of(g.centroids, c.width, by_load);
    const std::vector<int32_t> places = places_in(order, cosines, by_load, cluster_of);
    c.shown = in_order_of(by_load, places);
    c.cosines = in_order(cosines, places);
    return c;
}

std::string caption_of(const Collinearity& c) {
    return rows_in_words(static_cast<int64_t>(c.shown.size()), c.experts, c.order);
}

}  // namespace hopscope::app
