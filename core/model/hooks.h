// Named points of the one forward pass, where it can be read or changed for the length of one call.
// A forward pass without a probe pays nothing and changes no bit. Called on the thread that runs
// the pass.
#pragma once

#include <ATen/core/Tensor.h>
#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "kernels/ops.h"

namespace hopscope::core {

/// What routing of one hop is about to use. M here is the size of the hop's pool.
struct RouteInput {
    int64_t pool_offset = 0, pool_size = 0;  ///< experts [offset, offset + size) take part
    at::Tensor rows;                         ///< [A] tokens that run; undefined: all T
    int64_t active = 0;                      ///< A
    std::optional<at::Tensor> score_bias;    ///< [M] or [T, M]: −inf suppresses, positive boosts
    std::optional<at::Tensor> pos_delta;     ///< [s] or [T, s]: steers [def:steer]
};

/// A hop's choice before the experts run. `route` is what is reported, `used` [A, k] the weights
/// that the experts get: a knocked-out expert keeps its reported weight and is used with 0.
/// The pool may be replaced together with the choice (frozen routing over unrolled pools).
struct Chosen {
    int64_t& pool_offset;
    int64_t& pool_size;
    const at::Tensor& rows;
    kernels::RouteOut& route;
    at::Tensor& used;
};

/// How the experts of one hop were called, so that a changed call can be made beside it.
struct ExpertCall {
    int64_t pool_offset;
    const at::Tensor& rows;
    const at::Tensor& h;  ///< [A, d] in the experts' type
    const kernels::RouteOut& route;
    const at::Tensor& used;
    const kernels::ExpertBank& bank;
    kernels::Composition composition;
    kernels::Form form;
};

/// One executed hop. `rows` [A] names the tokens that ran it; undefined: all T. Indices in `route`
/// are those within the pool, which begins at expert `pool_offset`.
struct HopRecord {
    const kernels::RouteOut& route;
    int64_t pool_offset;
    const at::Tensor& rows;
    const at::Tensor& update;  ///< [A, d] dh of this hop
    const at::Tensor& ratio;   ///< [A] ‖dh‖ / (‖x + h_accum‖ + 1e-6), Eq. (7) [def:halting]
};

class Probe {
  public:
    virtual ~Probe() = default;
    virtual void before_route(int64_t layer, int64_t hop, RouteInput& input) {}
    /// May replace choices and weights.
    virtual void after_route(int64_t layer, int64_t hop, Chosen& chosen) {}
    /// May replace what the routed experts wrote, dh [A, d].
    virtual void after_experts(int64_t layer, int64_t hop, const ExpertCall& call, at::Tensor& dh) {
    }
    /// May replace the whole update of the hop, the shared expert's part included.
    virtual void hop_update(int64_t layer, int64_t hop, const at::Tensor& rows, at::Tensor& dh) {}
    virtual void after_hop(int64_t layer, int64_t hop, const HopRecord& record) {}
    /// [T, d] output of attention before it is added to the stream.
    virtual void attention(int64_t layer, const at::Tensor& out) {}
    /// [T, d] the residual stream that enters the layer's experts (or FFN), before their update is
    /// added, and its normalised form, which is the x of Algorithm 1.
    virtual void stream(int64_t layer, const at::Tensor& stream, const at::Tensor& normed) {}
    /// [T, d] h_accum after moe_scale, without x (dense layers: the FFN's output).
    virtual void update(int64_t layer, const at::Tensor& out) {}
};

/// Several probes at the same points, in their order.
class ProbeChain : public Probe {
  public:
    explicit ProbeChain(std::vector<Probe*> probes) : probes_(std::move(probes)) {}
    void before_route(int64_t layer, int64_t hop, RouteInput& input) override {
        for (auto* p : probes_) p->before_route(layer, hop, input);
    }
    void after_route(int64_t layer, int64_t hop, Chosen& chosen) override {
        for (auto* p : probes_) p->after_route(layer, hop, chosen);
    }
    void after_experts(int64_t layer, int64_t hop, const ExpertCall& call,
                       at::Tensor& dh) override {
        for (auto* p : probes_) p->after_experts(layer, hop, call, dh);
    }
    void hop_update(int64_t layer, int64_t hop, const at::Tensor& rows, at::Tensor& dh) override {
        for (auto* p : probes_) p->hop_update(layer, hop, rows, dh);
    }
    void after_hop(int64_t layer, int64_t hop, const HopRecord& record) override {
        for (auto* p : probes_) p->after_hop(layer, hop, record);
    }
    void attention(int64_t layer, const at::Tensor& out) override {
        for (auto* p : probes_) p->attention(layer, out);
    }
    void stream(int64_t layer, const at::Tensor& stream, const at::Tensor& normed) override {
        for (auto* p : probes_) p->stream(layer, stream, normed);
    }
    void update(int64_t layer, const at::Tensor& out) override {
        for (auto* p : probes_) p->update(layer, out);
    }

  private:
    std::vector<Probe*> probes_;  ///< not owned
};

/// What one forward pass does otherwise than configured, as plain values;
/// the defaults change nothing.
struct PassChanges {
    bool freeze_routing = false;       ///< hop 0's choices and weights again [def:frozen_routing]
    bool zero_experts = false;         ///< h_accum := 0 in all layers [def:zeroing]
    int64_t hop_limit = 0;             ///< 0 = all; else min(N, H of the layer)
    std::vector<int64_t> max_hops;     ///< per layer; empty = no limit
    double halt_epsilon = -1;          ///< Eq. (7); < 0 = off
    std::vector<int64_t> halt_layers;  ///< halting acts in these; empty = all
    std::optional<std::pair<int64_t, int64_t>>
        halt_tokens;  ///< halting acts on these tokens only, inclusive
    std::vector<std::vector<int64_t>>
        depths;         ///< [layer][token]: hops each token runs (random control); empty = off
    int64_t top_k = 0;  ///< 0 = as configured
    double tau = 0;     ///< 0 = the model's own
    /// Scores are built and kept for the probes (RouteOut::p) instead of going through the fused
    /// operator. Base, changed and control of one comparison must agree in it, so that rounding
    /// never enters a difference.
    bool keep_scores = false;

    bool halts() const { return halt_epsilon >= 0 || !max_hops.empty() || !depths.empty(); }
    bool halts_in(int64_t layer) const {
        return halts() && (halt_layers.empty() ||
                           std::count(halt_layers.begin(), halt_layers.end(), layer) > 0);
    }
    /// Hops that a layer runs which has `configured` of them.
    int64_t hops_of(int64_t configured) const {
        return hop_limit > 0 ? std::min(hop_limit, configured) : configured;
    }
};

}  // namespace hopscope::core
