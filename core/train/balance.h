// What balances or moves a router outside the gradient: loss-free selection biases and online
// K-Means (science.md C3). Owned by the engine, used on the trainer thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

#include "core/model/forward.h"

namespace hopscope::core {

/// Gathers the choices of an update's micro-batches and applies them once, after the optimizer.
class CountedRouting {
  public:
    void clear();
    /// What one micro-batch chose. Nothing is kept for routers that need nothing.
    void add(const Config& config, const ForwardOut& out);

    /// Biases step towards even use, centroids towards the mean of their tokens.
    /// @param counts choices of the whole update, [layers][M]
    /// @param lr     learning rate of this update
    void apply(const Config& config, Weights& weights,
               const std::vector<std::vector<int64_t>>& counts, double lr, bool move_centroids,
               bool move_bias) const;

  private:
    struct Sums {
        at::Tensor sum;    ///< [M · c, s] of the positions that went to each (sub-)centroid
        at::Tensor count;  ///< [M · c]
    };
    std::vector<Sums> layers_;
};

}  // namespace hopscope::core
