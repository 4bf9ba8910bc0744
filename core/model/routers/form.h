// What a kind of router computes, as the functions that the forward pass calls. Each other file of
// this folder ends with the form of one router, NAME_router(); the list of names and what they are
// is core/api/routers.h, so that a new router is a row there and a file here. What
// several share: centroids.h (positions, re-routing), scored.h (from scores to a choice).
// Immutable; called on the thread that runs the pass.
#pragma once

#include <cstdint>
#include <vector>

#include "core/model/router.h"

namespace hopscope::core {

/// One layer in one forward pass, as its router sees it, and what is kept from hop to hop.
struct RoutingPass {
    const Config& config;
    const LayerWeights& w;
    int64_t layer;
    const TokenBatch& tokens;
    const ForwardOptions& options;

    at::Tensor position = {};  ///< [T, s] where each token stands (kinematic, hybrid)
    at::Tensor moved = {};     ///< [T, s] Σ w_i v_i of the last hop (kinematic, hybrid)
    std::vector<Assignment> assignments = {};

    int64_t top_k() const;
    at::Tensor tau(const at::Tensor& like) const;
};

/// One hop of it.
struct HopCall {
    int64_t hop;
    const at::Tensor& h;     ///< [A, d] = x + h_accum of the tokens that run this hop
    const at::Tensor& rows;  ///< [A] which tokens these are; undefined: all T
    Pool pool;
    const RouteInput& input;  ///< what interventions change
};

struct RouterForm {
    HopRoute (*hop)(RoutingPass& pass, const HopCall& call);
    /// Adds the router's tensors of one layer, zero, where those of its norms are; nullptr: it has
    /// none.
    void (*add_weights)(const Config& config, int64_t layer, LayerWeights& w) = nullptr;
    /// nullptr: it has no rows to be near to.
    Nearness (*nearness)(const MoeConfig& moe, const LayerWeights& w, Pool pool,
                         const at::Tensor& at) = nullptr;
};

const RouterForm& form_of(RouterKind kind);

#define HOPSCOPE_ROUTER_FORM(name, ...) const RouterForm& name##_router();
HOPSCOPE_ROUTERS(HOPSCOPE_ROUTER_FORM)
#undef HOPSCOPE_ROUTER_FORM

}  // namespace hopscope::core
