// What balances or moves a router outside the gradient: loss-free selection biases and online
// K-Means [def:loss_free] [def:kmeans_router]. Owned by the engine, used on the trainer thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

#include "core/model/forward.h"

namespace hopscope::core {

/// What may move in one layer's router outside the gradient.
struct RouterMoves {
    bool centroids = true, bias = true;
    std::vector<int64_t> waiting;  ///< experts no token can choose: their biases stay, and the mean
                                   ///< count is that of the others
};

/// Gathers the choices of an update's micro-batches and applies them once, after the optimizer.
class CountedRouting {
  public:
    void clear();
    /// What one micro-batch chose. Nothing is kept for routers that need nothing.
    void add(const Config& config, const ForwardOut& out);

    /// Biases of the model step towards even use, centroids towards the mean of their tokens.
    /// @param counts choices of the whole update, [layers][M]
    /// @param lr     learning rate of this update
    /// @param moves  [layers]
    void apply(Model& model, const std::vector<std::vector<int64_t>>& counts, double lr,
               const std::vector<RouterMoves>& moves) const;

  private:
    struct Sums {
        at::Tensor sum;    ///< [M · c, s] of the positions that went to each (sub-)centroid
        at::Tensor count;  ///< [M · c]
    };
    std::vector<Sums> layers_;
};

}  // namespace hopscope::core
