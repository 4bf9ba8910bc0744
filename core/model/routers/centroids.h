// What routers with centroids share: a token's position in the routing space, how re-routing takes
// it from hop to hop, and the tensors that this needs. Positions are kept in the RoutingPass.
// Thread: whoever owns the weights.
#pragma once

#include "core/model/routers/form.h"

namespace hopscope::core {

/// Projection, centroids, learned tau and kinematic vectors, as far as the configuration has them.
void add_centroids(const Config& config, int64_t layer, LayerWeights& w);

/// Whether scores are tau · cosine alone and weights their softmax: the paper's main line, which
/// operators serve as a whole.
bool is_plain_cosine(const MoeConfig& moe);

/// The projection of one hop; undefined: identity.
at::Tensor projection_of(const LayerWeights& w, int64_t hop);

/// pos of this hop [def:reroute]: the projection of x + h_accum; kinematic: the last position moved
/// by the chosen experts' vectors; hybrid: the projection moved by them. [A, s]
at::Tensor position(RoutingPass& pass, const HopCall& call);

/// Notes what the chosen experts' vectors move the given tokens by.
void move_positions(RoutingPass& pass, const HopRoute& chosen, const at::Tensor& rows);

}  // namespace hopscope::core
