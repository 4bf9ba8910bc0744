// A layer with random unit rows, for tests of what is computed from one.
#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "core/api/snapshot.h"

namespace hopscope::viz {

/// Rows spread most along dimension `long_side`, where there is one.
inline core::LayerGeometry made_up_layer(int64_t dim, int64_t experts, int64_t tokens, int64_t hops,
                                         unsigned seed, int64_t long_side = -1) {
    std::mt19937 bits(seed);
    std::normal_distribution<float> normal;
    core::LayerGeometry g;
    g.experts = experts;
    g.d_space = dim;
    g.hops = hops;
    const auto rows = [&](std::vector<float>& out, int64_t n) {
        for (int64_t i = 0; i < n; ++i) {
            float squares = 0;
            const size_t begin = out.size();
            for (int64_t j = 0; j < dim; ++j) {
                out.push_back(normal(bits) * (j == long_side ? 4.0f : 1.0f));
                squares += out.back() * out.back();
            }
            for (size_t j = begin; j < out.size(); ++j) out[j] /= std::sqrt(squares);
        }
    };
    rows(g.centroids, experts);
    rows(g.positions, hops * tokens);
    return g;
}

}  // namespace hopscope::viz
