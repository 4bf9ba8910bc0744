// The multi-hop layer. Tokens that have halted are left out of later hops by an index list, so that
// they cost nothing there; without halting the list does not exist and no gather happens.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>

#include "core/model/forward.h"

namespace hopscope::core {
namespace {

/// Guard of Eq. (7)'s denominator.
constexpr double kHaltEps = 1e-6;

at::Tensor l2(const at::Tensor& x) {
    return at::linalg_vector_norm(x, 2, at::IntArrayRef{-1});
}

int64_t hop_limit(const Config& config, int64_t layer, const Controls& c) {
    const int64_t hops = config.moe.hops_of(layer);
    return c.hop_limit > 0 ? std::min(c.hop_limit, hops) : hops;
}

/// Rows that stay for the next hop, as a mask over the rows that ran this one. Undefined: all stay.
at::Tensor staying(const Controls& c, int64_t layer, int64_t hop, const at::Tensor& ratio,
                   const at::Tensor& rows) {
    if (!c.halts()) return {};
    auto stay = c.halt_epsilon >= 0 ? ratio >= c.halt_epsilon
                                    : at::ones(ratio.sizes(), ratio.options().dtype(at::kBool));
    const auto l = static_cast<size_t>(layer);
    if (l < c.max_hops.size() && hop + 1 >= c.max_hops[l]) stay = at::zeros_like(stay);
    if (!c.depths.empty()) {
        const auto depth = at::tensor(at::ArrayRef<int64_t>(c.depths[l])).to(stay.device());
        stay = stay.logical_and(depth.index_select(0, rows) > hop + 1);
    }
    if (c.halt_tokens)
        stay =
            stay.logical_or((rows < c.halt_tokens->first).logical_or(rows > c.halt_tokens->second));
    return stay;
}

kernels::RouteOut rows_of(const kernels::RouteOut& r, const at::Tensor& rows) {
    return {r.idx.index_select(0, rows),
            r.weight.index_select(0, rows),
            r.mean_p,
            r.entropy.index_select(0, rows),
            r.max_p.index_select(0, rows),
            r.pos.index_select(0, rows)};
}

kernels::RouteOut route_hop(const Config& config, const LayerWeights& w, int64_t layer, int64_t hop,
                            const at::Tensor& h, const ForwardOptions& options) {
    const auto& moe = config.moe;
    const auto& c = options.controls;
    RouteInput input;
    if (options.probe) options.probe->before_route(layer, hop, input);
    const auto proj = w.proj.defined() && w.proj.dim() == 3 ? w.proj.select(0, hop) : w.proj;
    const auto tau = c.tau > 0         ? at::full({}, c.tau, h.options())
                     : w.tau.defined() ? w.tau
                                       : at::full({}, moe.tau, h.options());
    const int64_t k = c.top_k > 0 ? c.top_k : moe.top_k;
    return kernels::route(h, proj, w.centroids, tau, k, moe.renormalises(k), input.score_bias,
                          input.pos_delta, options.form);
}

/// M Σ f_i p_i of one hop, f_i = count_i / (T·k) (science.md E8).
at::Tensor balance_term(const kernels::RouteOut& r, const at::Tensor& counts) {
    const auto f = counts.to(r.mean_p.options()) / static_cast<double>(r.idx.numel());
    return (f * r.mean_p).sum() * static_cast<double>(r.mean_p.numel());
}

}  // namespace

MoeOut moe(const Config& config, const Weights& all, int64_t layer, const at::Tensor& x,
           const ForwardOptions& options, LayerStats* stats) {
    const auto& w = all.layers[static_cast<size_t>(layer)];
    const auto& c = options.controls;
    const int64_t hops = hop_limit(config, layer, c), tokens = x.size(0),
                  experts = config.moe.experts;
    const bool frozen = c.freeze_routing || config.moe.reroute == "frozen";
    at::Tensor h_accum, balance, rows;  // rows: tokens still running; undefined = all
    kernels::RouteOut first, last;
    int64_t ran = 0;
    if (stats) {
        *stats = {};
        stats->counts.assign(static_cast<size_t>(experts), 0);
        stats->executed.assign(static_cast<size_t>(config.moe.hops_of(layer)), 0);
    }
    for (int64_t hop = 0; hop < hops; ++hop) {
        auto h = h_accum.defined() ? x + h_accum : x;
        if (rows.defined()) h = h.index_select(0, rows);
        kernels::RouteOut r;
        if (hop > 0 && frozen)
            r = rows.defined() ? rows_of(first, rows) : first;
        else
            r = route_hop(config, w, layer, hop, h, options);
        if (hop == 0) first = r;

        const auto narrow = w.down.scalar_type();
        const auto dh = c.zero_experts ? at::zeros_like(h)
                                       : kernels::experts(h.to(narrow), r.idx, r.weight.to(narrow),
                                                          w.down, w.up, options.form)
                                             .to(h.scalar_type());
        if (!h_accum.defined())
            h_accum = dh;
        else
            h_accum = rows.defined() ? h_accum.index_add(0, rows, dh) : h_accum + dh;

        const auto counts = kernels::count_choices(r.idx, experts);
        const auto term = balance_term(r, counts);
        balance = balance.defined() ? balance + term : term;
        ++ran;
        if (stats) {
            const auto* p = counts.const_data_ptr<int64_t>();
            for (int64_t i = 0; i < experts; ++i) stats->counts[static_cast<size_t>(i)] += p[i];
            stats->executed[static_cast<size_t>(hop)] = r.idx.size(0);
            stats->entropy += r.entropy.mean().item().toDouble();
            stats->max_prob += r.max_p.mean().item().toDouble();
            if (hop > 0) stats->jaccard.push_back(kernels::mean_jaccard(last.idx, r.idx));
            last = r;
        }
        if (!options.probe && !c.halts()) continue;
        const auto ratio = l2(dh) / (l2(h + dh) + kHaltEps);
        if (options.probe) options.probe->after_hop(layer, hop, {r, rows, dh, ratio});
        if (!c.halts() || hop + 1 == hops) continue;
        const auto everyone =
            rows.defined() ? rows : at::arange(tokens, ratio.options().dtype(at::kLong));
        const auto stay = staying(c, layer, hop, ratio, everyone);
        const auto next = everyone.masked_select(stay);
        if (next.size(0) == 0) break;
        if (next.size(0) == everyone.size(0)) continue;
        if (stats) last = rows_of(last, stay.nonzero().squeeze(-1));
        rows = next;
    }
    if (stats && ran > 0) {
        stats->entropy /= static_cast<double>(ran);
        stats->max_prob /= static_cast<double>(ran);
    }
    auto update = h_accum;
    if (w.moe_scale.defined()) update = update * w.moe_scale;
    if (all.moe_scale.defined()) update = update * all.moe_scale;
    if (options.probe) options.probe->update(layer, update);
    return {config.moe.returns == "state" ? x + update : update,
            balance / static_cast<double>(ran)};
}

}  // namespace hopscope::core
