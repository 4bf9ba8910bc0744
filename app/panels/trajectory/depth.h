// How deep each token of a traced prompt went: the hops it ran in each layer, and the colour of a
// depth. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/snapshot.h"
#include "viz/colour.h"

namespace hopscope::app {

struct TokenDepths {
    int64_t tokens = 0, layers = 0;
    std::vector<int32_t> ran;       ///< [tokens, layers] hops executed
    std::vector<int32_t> possible;  ///< [layers] hops there are; 0 for a layer that does not route
    int32_t most = 0;               ///< of `possible`

    /// In one layer, or with layer < 0 the mean over the layers that route; NaN where there is
    /// none.
    float depth_of(int64_t token, int64_t layer) const;
    /// [i] = (token, layer) pairs that ran i + 1 hops, of one layer or of all.
    std::vector<int64_t> histogram(int64_t layer) const;
    /// Mean over all tokens of depth_of().
    float mean(int64_t layer) const;
};
TokenDepths token_depths(const core::TraceResult& trace);

/// From 1 hop to `most`; a single possible depth has the colour of the deepest.
viz::Rgb depth_color(float depth, int32_t most, bool dark);

}  // namespace hopscope::app
