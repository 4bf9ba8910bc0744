// A router looks at a token and names the k experts of a pool that it goes to, hop by hop. This is
// the call that the forward pass makes; what each kind of router computes is one file,
// core/model/routers/NAME.cpp, and what the program may ask of a kind are its traits
// (core/api/routers.h). A LayerRouter lives for one layer of one forward pass, on the thread that
// runs it.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/model/forward.h"
#include "core/model/pools.h"

namespace hopscope::core {

struct RoutingPass;  // core/model/routers/form.h: what a router sees of its layer

/// The given rows of a tensor with one row a token; undefined `rows`: all.
at::Tensor at_rows(const at::Tensor& all, const at::Tensor& rows);

/// How near tokens are to the experts of a pool.
struct Nearness {
    at::Tensor near;     ///< [A, M] cosine (plain K-Means: dot product); linear: the logit
    at::Tensor nearest;  ///< [A, M] which of two sub-centroids; undefined where there is one
};
/// @param at [A, s] positions, or [A, d] the router's input h for the linear router. Only for
///           routers with rows.
Nearness nearness(const MoeConfig& moe, const LayerWeights& w, Pool pool, const at::Tensor& at);

/// One hop's choice. Indices are those within the pool.
struct HopRoute {
    kernels::RouteOut route;
    Pool pool;
    at::Tensor balance;  ///< [] balance term of this hop [def:balance_loss] [def:sequence_balance];
                         ///< undefined without rows
    at::Tensor z;  ///< [] mean over tokens of logsumexp(scores)²; undefined without moe.z_loss
};

class LayerRouter {
  public:
    /// All references must outlive the object.
    LayerRouter(const Config& config, const LayerWeights& weights, int64_t layer,
                const TokenBatch& tokens, const ForwardOptions& options);
    ~LayerRouter();

    /// @param h    [A, d] = x + h_accum of the tokens that run this hop
    /// @param rows [A] which tokens these are; undefined: all T
    HopRoute hop(int64_t hop, const at::Tensor& h, const at::Tensor& rows);

    /// Tells what was chosen in the end, for the positions of the next hop (kinematic, hybrid).
    void moved_by(const HopRoute& chosen, const at::Tensor& rows);

    /// Which centroid each choice of this pass belongs to, for centroids that counting moves;
    /// empty for other routers and outside training.
    const std::vector<Assignment>& assignments() const;

  private:
    std::unique_ptr<RoutingPass> pass_;
    std::vector<Pool> pools_;
};

}  // namespace hopscope::core
