// The multi-hop layer. Tokens that have halted are left out of later hops by an index list, so that
// they cost nothing there; without halting the list does not exist and no gather happens.
#include "core/model/moe.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <limits>

#include "core/model/expert_bank.h"
#include "core/model/hop_banks.h"
#include "core/model/router.h"

namespace hopscope::core {
namespace {

at::Tensor l2(const at::Tensor& x) {
    return at::linalg_vector_norm(x, 2, at::IntArrayRef{-1});
}

/// Rows that stay for the next hop, as a mask over the rows that ran this one.
at::Tensor staying(const PassChanges& c, int64_t layer, int64_t hop, const at::Tensor& ratio,
                   const at::Tensor& rows, const Positions& at) {
    auto stay = c.halt_epsilon >= 0 ? ratio >= c.halt_epsilon
                                    : at::ones(ratio.sizes(), ratio.options().dtype(at::kBool));
    const auto l = static_cast<size_t>(layer);
    if (l < c.max_hops.size() && hop + 1 >= c.max_hops[l]) stay = at::zeros_like(stay);
    if (!c.depths.empty()) {
        const auto depth = at::tensor(at::ArrayRef<int64_t>(c.depths[l])).to(stay.device());
        stay = stay.logical_and(depth.index_select(0, rows) > hop + 1);
    }
    if (c.halt_tokens) {
        const auto token = at.of(rows);
        stay = stay.logical_or(
            (token < c.halt_tokens->first).logical_or(token > c.halt_tokens->second));
    }
    return stay;
}

/// The choices of some tokens; mean_p and p stay those of the hop that was scored.
kernels::RouteOut rows_of(const kernels::RouteOut& r, const at::Tensor& rows) {
    auto out = r;
    for (auto* t : {&out.idx, &out.weight, &out.entropy, &out.max_p, &out.pos})
        if (t->defined()) *t = t->index_select(0, rows);
    return out;
}

/// The type the experts compute in (bf16 shadows on CUDA).
at::ScalarType expert_type(const LayerWeights& w) {
    return (w.value.defined() ? w.value : w.up).scalar_type();
}

kernels::Composition composition_of(const MoeConfig& moe) {
    switch (moe.composition) {
        case Composition::grouped_silu:
            return kernels::Composition::grouped_silu;
        case Composition::grouped_gated:
            return kernels::Composition::grouped_gated;
        case Composition::cross_gated:
            return kernels::Composition::cross_gated;
        case Composition::sum:
            break;
    }
    return kernels::Composition::sum;
}

/// The always-on SwiGLU expert: Σ_q SiLU(<h, gate_q>) · <h, down_q> · up_q.
at::Tensor shared_expert(const LayerWeights& w, const at::Tensor& h, kernels::Form form) {
    const auto read = kernels::linear(h, {{w.shared_gate, {}}, {w.shared_down, {}}}, false, form);
    return at::matmul(at::silu(read[0]) * read[1], w.shared_up).to(h.scalar_type());
}

/// Statistics of one hop; `last` is the hop before, of the same tokens.
void observe(LayerStats& stats, int64_t hop, const HopRoute& now, const kernels::RouteOut& last) {
    const auto& r = now.route;
    const auto counts = kernels::count_choices(r.idx, now.pool.size).cpu();
    const auto* p = counts.const_data_ptr<int64_t>();
    for (int64_t i = 0; i < now.pool.size; ++i)
        stats.counts[static_cast<size_t>(now.pool.offset + i)] += p[i];
    stats.executed[static_cast<size_t>(hop)] = r.idx.size(0);
    const auto mean = [](const at::Tensor& t) {
        return t.defined() ? t.mean().item().toDouble() : std::numeric_limits<double>::quiet_NaN();
    };
    stats.entropy += mean(r.entropy);
    stats.max_prob += mean(r.max_p);
    if (hop > 0) stats.jaccard.push_back(kernels::mean_jaccard(last.idx, r.idx));
}

/// One layer in one forward pass, hop by hop.
class MoePass {
  public:
    /// All references must outlive the object.
    MoePass(const Model& model, int64_t layer, const at::Tensor& x, const TokenBatch& tokens,
            const ForwardOptions& options, LayerStats* stats)
        : model_(model),
          moe_(model.config.moe),
          w_(model.weights.layers[static_cast<size_t>(layer)]),
          layer_(layer),
          x_(x),
          tokens_(tokens),
          options_(options),
          stats_(stats),
          composition_(composition_of(moe_)),
          hops_(options.changes.hops_of(moe_.hops_of(layer))),
          frozen_(options.changes.freeze_routing || moe_.reroute == Reroute::frozen),
          halts_(options.changes.halts_in(layer)),
          router_(model.config, w_, layer, tokens, options) {
        if (!stats_) return;
        *stats_ = {};
        stats_->counts.assign(static_cast<size_t>(moe_.experts), 0);
        stats_->executed.assign(static_cast<size_t>(moe_.hops_of(layer)), 0);
    }

    MoeOut run() {
        if (auto all = hops_at_once(model_, layer_, x_, tokens_.at, options_)) {
            h_accum_ = std::move(*all);
            return finished();
        }
        for (int64_t hop = 0; hop < hops_; ++hop) {
            auto h = h_accum_.defined() ? x_ + h_accum_ : x_;
            if (rows_.defined()) h = h.index_select(0, rows_);
            HopRoute now = routed(hop, h);
            if (hop == 0) first_ = now;
            auto used = now.route.weight;
            if (options_.probe) {
                Chosen chosen{now.pool.offset, now.pool.size, rows_, now.route, used};
                options_.probe->after_route(layer_, hop, chosen);
            }
            router_.moved_by(now, rows_);
            const auto dh =
                options_.changes.zero_experts ? at::zeros_like(h) : experts_add(hop, now, used, h);
            if (!h_accum_.defined())
                h_accum_ = dh;
            else
                h_accum_ = rows_.defined() ? h_accum_.index_add(0, rows_, dh) : h_accum_ + dh;
            add_term(balance_, now.balance);
            add_term(z_, now.z);
            ++ran_;
            if (stats_) {
                observe(*stats_, hop, now, last_);
                last_ = now.route;
            }
            if (!any_goes_on(hop, now, h, dh)) break;
        }
        return finished();
    }

  private:
    HopRoute routed(int64_t hop, const at::Tensor& h) {
        if (hop == 0 || !frozen_) return router_.hop(hop, h, rows_);
        HopRoute now = first_;
        if (rows_.defined()) now.route = rows_of(first_.route, rows_);
        return now;
    }

    /// What the experts of a hop add to the tokens h [A, d] that run it.
    at::Tensor experts_add(int64_t hop, const HopRoute& now, const at::Tensor& used,
                           const at::Tensor& h) {
        const auto narrow = expert_type(w_);
        const auto bank = bank_of(w_, moe_, now.pool);
        const auto in = h.to(narrow), weight = used.to(narrow);
        auto dh = kernels::compose(in, now.route.idx, weight, bank, composition_, options_.form);
        if (options_.probe)
            options_.probe->after_experts(
                layer_, hop,
                {now.pool.offset, rows_, in, now.route, weight, bank, composition_, options_.form},
                dh);
        dh = dh.to(h.scalar_type());
        if (hop == 0 && w_.shared_up.defined()) dh = dh + shared_expert(w_, h, options_.form);
        if (options_.probe) options_.probe->hop_update(layer_, hop, rows_, dh);
        return dh;
    }

    /// Leaves out the tokens that halt behind this hop; false: all do.
    bool any_goes_on(int64_t hop, const HopRoute& now, const at::Tensor& h, const at::Tensor& dh) {
        if (!options_.probe && !halts_) return true;
        const auto ratio = l2(dh) / (l2(h + dh) + kernels::kHaltEps);
        if (options_.probe)
            options_.probe->after_hop(layer_, hop, {now.route, now.pool.offset, rows_, dh, ratio});
        if (!halts_ || hop + 1 == hops_) return true;
        const auto everyone =
            rows_.defined() ? rows_ : at::arange(x_.size(0), ratio.options().dtype(at::kLong));
        const auto stay = staying(options_.changes, layer_, hop, ratio, everyone, tokens_.at);
        const auto next = everyone.masked_select(stay);
        if (next.size(0) == 0) return false;
        if (next.size(0) == everyone.size(0)) return true;
        if (stats_) last_ = rows_of(last_, stay.nonzero().squeeze(-1));
        rows_ = next;
        return true;
    }

    MoeOut finished() {
        if (stats_ && ran_ > 0) {
            stats_->entropy /= static_cast<double>(ran_);
            stats_->max_prob /= static_cast<double>(ran_);
        }
        auto update = h_accum_;
        if (w_.moe_scale.defined()) update = update * w_.moe_scale;
        if (model_.weights.moe_scale.defined()) update = update * model_.weights.moe_scale;
        if (options_.probe) options_.probe->update(layer_, update);
        for (auto* term : {&balance_, &z_})
            if (term->defined()) *term = *term / static_cast<double>(ran_);
        return {moe_.returns == Returns::state ? x_ + update : update, balance_, z_,
                router_.assignments()};
    }

    const Model& model_;
    const MoeConfig& moe_;
    const LayerWeights& w_;
    const int64_t layer_;
    const at::Tensor& x_;
    const TokenBatch& tokens_;
    const ForwardOptions& options_;
    LayerStats* const stats_;
    const kernels::Composition composition_;
    const int64_t hops_;
    const bool frozen_, halts_;
    LayerRouter router_;
    at::Tensor h_accum_, balance_, z_;
    at::Tensor rows_;  ///< tokens still running; undefined: all
    HopRoute first_;
    kernels::RouteOut last_;  ///< of the hop before, of the tokens still running
    int64_t ran_ = 0;
};

}  // namespace

MoeOut moe(const Model& model, int64_t layer, const at::Tensor& x, const TokenBatch& tokens,
           const ForwardOptions& options, LayerStats* stats) {
    return MoePass(model, layer, x, tokens, options, stats).run();
}

}  // namespace hopscope::core
