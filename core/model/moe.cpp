// The multi-hop layer. Tokens that have halted are left out of later hops by an index list, so that
// they cost nothing there; without halting the list does not exist and no gather happens.
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

#include "core/model/router.h"

namespace hopscope::core {
namespace {

/// Guard of Eq. (7)'s denominator.
constexpr double kHaltEps = 1e-6;

at::Tensor l2(const at::Tensor& x) {
    return at::linalg_vector_norm(x, 2, at::IntArrayRef{-1});
}

int64_t hop_limit(const Config& config, int64_t layer, const PassChanges& c) {
    const int64_t hops = config.moe.hops_of(layer);
    return c.hop_limit > 0 ? std::min(c.hop_limit, hops) : hops;
}

bool halts_in(const PassChanges& c, int64_t layer) {
    return c.halts() && (c.halt_layers.empty() ||
                         std::count(c.halt_layers.begin(), c.halt_layers.end(), layer) > 0);
}

/// Rows that stay for the next hop, as a mask over the rows that ran this one.
/// @param length tokens of each sequence; the halted tokens are counted within a sequence
at::Tensor staying(const PassChanges& c, int64_t layer, int64_t hop, const at::Tensor& ratio,
                   const at::Tensor& rows, int64_t length) {
    auto stay = c.halt_epsilon >= 0 ? ratio >= c.halt_epsilon
                                    : at::ones(ratio.sizes(), ratio.options().dtype(at::kBool));
    const auto l = static_cast<size_t>(layer);
    if (l < c.max_hops.size() && hop + 1 >= c.max_hops[l]) stay = at::zeros_like(stay);
    if (!c.depths.empty()) {
        const auto depth = at::tensor(at::ArrayRef<int64_t>(c.depths[l])).to(stay.device());
        stay = stay.logical_and(depth.index_select(0, rows) > hop + 1);
    }
    if (c.halt_tokens) {
        const auto token = rows.remainder(length);
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

/// The experts of a pool; a pool that is the whole layer costs no view.
kernels::ExpertBank bank_of(const LayerWeights& w, const MoeConfig& moe, Pool pool) {
    const auto rows = [&](const at::Tensor& t) { return t.defined() ? rows_of_pool(t, pool) : t; };
    const auto kind = moe.expert == ExpertKind::fixed    ? kernels::ExpertKind::fixed
                      : moe.expert == ExpertKind::swiglu ? kernels::ExpertKind::swiglu
                                                         : kernels::ExpertKind::mlp;
    return {kind, rows(w.gate), rows(w.down), rows(w.up), rows(w.value)};
}

/// The always-on SwiGLU expert: Σ_q SiLU(<h, gate_q>) · <h, down_q> · up_q.
at::Tensor shared_expert(const LayerWeights& w, const at::Tensor& h) {
    const auto act =
        at::silu(linear(h, w.shared_gate, at::Tensor())) * linear(h, w.shared_down, at::Tensor());
    return at::matmul(act, w.shared_up).to(h.scalar_type());
}

/// Statistics of one hop; `last` is the hop before, of the same tokens.
void observe(LayerStats& stats, int64_t hop, const HopRoute& now, const kernels::RouteOut& last) {
    const auto& r = now.route;
    const auto counts = kernels::count_choices(r.idx, now.pool.size);
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

}  // namespace

MoeOut moe(const Model& model, int64_t layer, const at::Tensor& x, const TokenBatch& tokens,
           const ForwardOptions& options, LayerStats* stats) {
    const auto& w = model.weights.layers[static_cast<size_t>(layer)];
    const auto& c = options.changes;
    const int64_t hops = hop_limit(model.config, layer, c);
    const bool frozen = c.freeze_routing || model.config.moe.reroute == Reroute::frozen;
    const auto composition = composition_of(model.config.moe);
    const bool halts = halts_in(c, layer);
    LayerRouter router(model.config, w, layer, tokens, options);
    at::Tensor h_accum, balance, z, rows;  // rows: tokens still running; undefined = all
    HopRoute first;
    kernels::RouteOut last;
    int64_t ran = 0;
    if (stats) {
        *stats = {};
        stats->counts.assign(static_cast<size_t>(model.config.moe.experts), 0);
        stats->executed.assign(static_cast<size_t>(model.config.moe.hops_of(layer)), 0);
    }
    for (int64_t hop = 0; hop < hops; ++hop) {
        auto h = h_accum.defined() ? x + h_accum : x;
        if (rows.defined()) h = h.index_select(0, rows);
        HopRoute now;
        if (hop > 0 && frozen) {
            now = first;
            if (rows.defined()) now.route = rows_of(first.route, rows);
        } else {
            now = router.hop(hop, h, rows);
        }
        if (hop == 0) first = now;
        const auto& r = now.route;
        auto used = r.weight;
        if (options.probe) {
            Chosen chosen{now.pool.offset, now.pool.size, rows, now.route, used};
            options.probe->after_route(layer, hop, chosen);
        }
        router.moved_by(now, rows);

        at::Tensor dh;
        if (c.zero_experts) {
            dh = at::zeros_like(h);
        } else {
            const auto narrow = expert_type(w);
            const auto bank = bank_of(w, model.config.moe, now.pool);
            const auto in = h.to(narrow), weight = used.to(narrow);
            dh = kernels::compose(in, r.idx, weight, bank, composition, options.form);
            if (options.probe)
                options.probe->after_experts(
                    layer, hop,
                    {now.pool.offset, rows, in, r, weight, bank, composition, options.form}, dh);
            dh = dh.to(h.scalar_type());
            if (hop == 0 && w.shared_up.defined()) dh = dh + shared_expert(w, h);
            if (options.probe) options.probe->hop_update(layer, hop, rows, dh);
        }
        if (!h_accum.defined())
            h_accum = dh;
        else
            h_accum = rows.defined() ? h_accum.index_add(0, rows, dh) : h_accum + dh;

        add_term(balance, now.balance);
        add_term(z, now.z);
        ++ran;
        if (stats) {
            observe(*stats, hop, now, last);
            last = r;
        }
        if (!options.probe && !halts) continue;
        const auto ratio = l2(dh) / (l2(h + dh) + kHaltEps);
        if (options.probe)
            options.probe->after_hop(layer, hop, {r, now.pool.offset, rows, dh, ratio});
        if (!halts || hop + 1 == hops) continue;
        const auto everyone =
            rows.defined() ? rows : at::arange(x.size(0), ratio.options().dtype(at::kLong));
        const auto stay = staying(c, layer, hop, ratio, everyone, tokens.length);
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
    if (model.weights.moe_scale.defined()) update = update * model.weights.moe_scale;
    if (options.probe) options.probe->update(layer, update);
    for (auto* term : {&balance, &z})
        if (term->defined()) *term = *term / static_cast<double>(ran);
    return {model.config.moe.returns == Returns::state ? x + update : update, balance, z,
            router.assignments()};
}

}  // namespace hopscope::core
