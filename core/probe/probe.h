// Named points of the one forward pass, where it can be read or changed for the length of one call.
// A forward pass without a probe pays nothing and changes no bit. Called on the thread that runs
// the pass.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/ops.h"

namespace hopscope::core {

/// What routing of one hop is about to use.
struct RouteInput {
    std::optional<at::Tensor> score_bias;  ///< [M] or [T, M]: −inf suppresses, positive boosts
    std::optional<at::Tensor> pos_delta;   ///< [s] or [T, s]: steers (science.md E36)
};

/// One executed hop. `rows` [A] names the tokens that ran it; undefined: all T.
struct HopRecord {
    const kernels::RouteOut& route;
    const at::Tensor& rows;
    const at::Tensor& update;  ///< [A, d] dh of this hop
    const at::Tensor& ratio;  ///< [A] ‖dh‖ / (‖x + h_accum‖ + 1e-6), Eq. (7), science.md E13
};

class Probe {
  public:
    virtual ~Probe() = default;
    virtual void before_route(int64_t layer, int64_t hop, RouteInput& input) {}
    virtual void after_hop(int64_t layer, int64_t hop, const HopRecord& record) {}
    /// [T, d] output of attention before it is added to the stream.
    virtual void attention(int64_t layer, const at::Tensor& out) {}
    /// [T, d] h_accum after moe_scale, without x (dense layers: the FFN's output).
    virtual void update(int64_t layer, const at::Tensor& out) {}
};

/// Inference-time changes that are plain values (product.md section 6); the defaults change
/// nothing.
struct Controls {
    bool freeze_routing = false;    ///< hop-0 choices and weights reused by all hops (E10)
    bool zero_experts = false;      ///< h_accum := 0 in all layers (E22)
    int64_t hop_limit = 0;          ///< 0 = all; else min(N, H of the layer)
    std::vector<int64_t> max_hops;  ///< per layer; empty = no limit
    double halt_epsilon = -1;       ///< Eq. (7); < 0 = off
    std::optional<std::pair<int64_t, int64_t>>
        halt_tokens;  ///< halting acts on these tokens only, inclusive
    std::vector<std::vector<int64_t>>
        depths;         ///< [layer][token]: hops each token runs (random control); empty = off
    int64_t top_k = 0;  ///< 0 = as configured
    double tau = 0;     ///< 0 = the model's own

    bool halts() const { return halt_epsilon >= 0 || !max_hops.empty() || !depths.empty(); }
};

}  // namespace hopscope::core
