#include "core/probe/intervention_probe.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <limits>
#include <numeric>

#include "core/model/router.h"
#include "core/text/random.h"

namespace hopscope::core {
namespace {

/// The action's experts that are in a pool, counted from its start.
std::vector<int64_t> in_pool(const LayerAction& a, int64_t offset, int64_t size) {
    std::vector<int64_t> out;
    for (const int64_t e : a.experts)
        if (e >= offset && e < offset + size) out.push_back(e - offset);
    return out;
}

at::Tensor index_of(const std::vector<int64_t>& list, const at::Tensor& like) {
    return at::tensor(at::ArrayRef<int64_t>(list)).to(like.device());
}

/// `changed` where the mask says so, else `base`; an undefined mask is everywhere.
at::Tensor blend(const at::Tensor& mask, const at::Tensor& changed, const at::Tensor& base) {
    return mask.defined() ? at::where(mask.unsqueeze(-1), changed, base) : changed;
}

void add_to(std::optional<at::Tensor>& sum, const at::Tensor& term) {
    sum = sum ? *sum + term : term;
}

/// [n, r, d] rows of equal norm: of another expert, of a random direction, or the negative.
at::Tensor replacement(const LayerAction& a, const at::Tensor& own, const at::Tensor& layer_rows) {
    if (a.with == "negate") return -own;
    at::Tensor other;
    if (a.with == "random") {
        auto gen = at::detail::createCPUGenerator(a.seed);
        other = at::empty(own.sizes(), at::TensorOptions().dtype(at::kFloat))
                    .normal_(0, 1, gen)
                    .to(own.options());
    } else {
        other = layer_rows.select(0, std::stoll(a.with)).unsqueeze(0).expand_as(own);
    }
    const auto norm = [](const at::Tensor& t) {
        return at::linalg_vector_norm(t, 2, at::IntArrayRef{-1}, true);
    };
    return other * (norm(own) / norm(other).clamp_min(kernels::kNormEps));
}

}  // namespace

at::Tensor InterventionProbe::mask(const Scope& scope, const at::Tensor& rows,
                                   int64_t active) const {
    if (!scope.tokens) return {};
    const auto device = weights_.embed.device();
    const auto token =
        (rows.defined() ? rows
                        : at::arange(active, at::TensorOptions().dtype(at::kLong).device(device)))
            .remainder(length_);
    return (token >= scope.tokens->first).logical_and(token <= scope.tokens->second);
}

void InterventionProbe::before_route(int64_t layer, int64_t hop, RouteInput& input) {
    const auto& w = weights_.layers[static_cast<size_t>(layer)];
    for (const auto& a : plan_.actions) {
        const bool acts = a.kind == ActionKind::steer || a.kind == ActionKind::suppress ||
                          a.kind == ActionKind::boost;
        if (!acts || a.layer != layer || !a.scope.at_hop(hop)) continue;
        const auto experts = in_pool(a, input.pool_offset, input.pool_size);
        if (experts.empty()) continue;
        const auto rows = router_rows(w);
        const auto index = index_of(experts, rows);
        const auto where = mask(a.scope, input.rows, input.active);
        if (a.kind == ActionKind::steer && config_.moe.has_positions()) {
            auto delta =
                rows.narrow(0, input.pool_offset, input.pool_size).index_select(0, index).sum(0) *
                a.value;
            if (where.defined())
                delta = delta.unsqueeze(0) * where.unsqueeze(-1).to(delta.scalar_type());
            add_to(input.pos_delta, delta);
            continue;
        }
        auto bias = at::zeros({input.pool_size}, rows.options());
        bias.index_fill_(
            0, index,
            a.kind == ActionKind::suppress ? -std::numeric_limits<double>::infinity() : a.value);
        if (where.defined()) bias = at::where(where.unsqueeze(-1), bias, at::zeros_like(bias));
        add_to(input.score_bias, bias);
    }
}

/// @param forced experts that any action forces here: none of them gives way to another
void InterventionProbe::force(const LayerAction& a, const std::vector<int64_t>& forced,
                              Chosen& c) const {
    const auto wanted = in_pool(a, c.pool_offset, c.pool_size);
    if (wanted.empty()) return;
    auto& r = c.route;
    const int64_t k = r.idx.size(1), active = r.idx.size(0);
    const auto where = mask(a.scope, c.rows, active);
    auto idx = r.idx.to(at::kCPU).clone();
    auto* p = idx.mutable_data_ptr<int64_t>();
    for (int64_t t = 0; t < active; ++t) {
        auto* row = p + t * k;
        int64_t last = k - 1;
        for (const int64_t e : wanted) {
            if (std::find(row, row + k, e) != row + k) continue;
            // The lowest-ranked expert that is not itself a forced one gives way.
            while (last >= 0 && std::count(forced.begin(), forced.end(), row[last] + c.pool_offset))
                --last;
            if (last < 0) break;
            row[last--] = e;
        }
    }
    idx = idx.to(r.idx.device());
    at::Tensor weight = r.weight;
    if (r.affinity.defined()) {
        auto p_chosen = r.affinity.gather(1, idx);
        // Falling weight, ties by lowest index, as everywhere.
        const auto by_index = std::get<1>(idx.sort(/*stable=*/true, -1, false));
        idx = idx.gather(1, by_index);
        p_chosen = p_chosen.gather(1, by_index);
        const auto order = std::get<1>(p_chosen.sort(/*stable=*/true, -1, /*descending=*/true));
        idx = idx.gather(1, order);
        weight = kernels::weights_of(r, idx, config_.moe.renormalises(k));
    } else {
        idx = std::get<0>(idx.sort(/*stable=*/true, -1, false));  // hash: equal weights
    }
    r.idx = blend(where, idx, r.idx);
    r.weight = c.used = blend(where, weight, r.weight);
}

void InterventionProbe::knock_out(const LayerAction& a, Chosen& c) const {
    const auto where = mask(a.scope, c.rows, c.route.idx.size(0));
    auto hit = at::zeros_like(c.route.idx).to(at::kBool);
    if (a.experts.empty())
        hit.select(1, std::min(a.rank, hit.size(1) - 1)).fill_(true);
    else
        for (const int64_t e : in_pool(a, c.pool_offset, c.pool_size))
            hit = hit.logical_or(c.route.idx == e);
    if (where.defined()) hit = hit.logical_and(where.unsqueeze(-1));
    c.used = c.used.masked_fill(hit, 0.0);
}

/// Hop 0's choice again: its own token's, or (the control) that of another token.
void InterventionProbe::reuse(const LayerAction& a, Chosen& c) const {
    auto& r = c.route;
    const auto where = mask(a.scope, c.rows, r.idx.size(0));
    auto idx = first_.idx, weight = first_.weight;
    const bool own_weights =
        a.kind == ActionKind::freeze_choices || a.kind == ActionKind::exchange_choices;
    if (a.kind == ActionKind::exchange || a.kind == ActionKind::exchange_choices) {
        std::vector<int64_t> order(static_cast<size_t>(idx.size(0)));
        std::iota(order.begin(), order.end(), 0);
        Random random(a.seed);
        random.shuffle(order);
        const auto other = index_of(order, idx);
        idx = idx.index_select(0, other);
        weight = weight.index_select(0, other);
    }
    idx = at_rows(idx, c.rows);
    weight = at_rows(weight, c.rows);
    if (own_weights && r.affinity.defined())
        weight = kernels::weights_of(r, idx, config_.moe.renormalises(idx.size(1)));
    if (!where.defined() && !own_weights) {
        c.pool_offset = first_offset_;  // E10: hop 0's own pool and choice
        c.pool_size = first_size_;
        r.p = first_.p.defined() ? at_rows(first_.p, c.rows) : first_.p;
        r.affinity = first_.affinity.defined() ? at_rows(first_.affinity, c.rows) : first_.affinity;
    }
    r.idx = blend(where, idx, r.idx);
    r.weight = c.used = blend(where, weight, r.weight);
    if (a.kind == ActionKind::freeze_routing && r.pos.defined())
        r.pos = blend(where, at_rows(first_.pos, c.rows), r.pos);
}

void InterventionProbe::after_route(int64_t layer, int64_t hop, Chosen& chosen) {
    if (hop == 0) {
        first_ = chosen.route;
        first_offset_ = chosen.pool_offset;
        first_size_ = chosen.pool_size;
    }
    std::vector<int64_t> forced;
    for (const auto& a : plan_.actions)
        if (a.kind == ActionKind::force && a.layer == layer && a.scope.at_hop(hop))
            forced.insert(forced.end(), a.experts.begin(), a.experts.end());
    for (const auto& a : plan_.actions) {
        if (a.layer != layer || !a.scope.at_hop(hop)) continue;
        const bool freeze =
            a.kind == ActionKind::freeze_routing || a.kind == ActionKind::freeze_choices ||
            a.kind == ActionKind::exchange || a.kind == ActionKind::exchange_choices;
        if (freeze && hop > 0) reuse(a, chosen);
        if (a.kind == ActionKind::force) force(a, forced, chosen);
    }
    // Last, so that a forced or frozen choice can be knocked out too.
    for (const auto& a : plan_.actions)
        if (a.kind == ActionKind::knock_out && a.layer == layer && a.scope.at_hop(hop))
            knock_out(a, chosen);
}

void InterventionProbe::after_experts(int64_t layer, int64_t hop, const ExpertCall& call,
                                      at::Tensor& dh) {
    const auto& w = weights_.layers[static_cast<size_t>(layer)];
    const auto& all_rows = w.value.defined() ? w.value : w.up;  // [M, d] or [M, r, d]
    std::vector<const LayerAction*> waiting;
    for (const auto& a : plan_.actions)
        if (a.kind == ActionKind::surgery && a.layer == layer && a.scope.at_hop(hop))
            waiting.push_back(&a);
    at::Tensor base;  // what the unchanged experts write, where several scopes must add up
    while (!waiting.empty()) {  // one changed bank for all that act on the same tokens
        const Scope scope = waiting.front()->scope;
        auto bank = call.bank;
        auto& rows = bank.value.defined() ? bank.value : bank.up;
        rows = rows.clone();
        std::erase_if(waiting, [&](const LayerAction* a) {
            if (!(a->scope == scope)) return false;
            const auto experts = in_pool(*a, call.pool_offset, rows.size(0));
            if (experts.empty()) return true;
            const auto index = index_of(experts, rows);
            rows.index_copy_(0, index,
                             replacement(*a, rows.index_select(0, index), all_rows.detach()));
            return true;
        });
        const auto changed =
            kernels::compose(call.h, call.route.idx, call.used, bank, call.composition, call.form);
        const auto where = mask(scope, call.rows, dh.size(0));
        if (waiting.empty() && !base.defined()) {
            dh = blend(where, changed, dh);
            continue;
        }
        // Exact where the experts' outputs are summed; other compositions mix them.
        if (!base.defined()) base = dh.clone();
        dh = dh + blend(where, changed - base, at::zeros_like(base));
    }
}

void InterventionProbe::hop_update(int64_t layer, int64_t hop, const at::Tensor& rows,
                                   at::Tensor& dh) {
    for (const auto& a : plan_.actions)
        if (a.kind == ActionKind::zero && a.layer == layer && a.scope.at_hop(hop))
            dh = blend(mask(a.scope, rows, dh.size(0)), at::zeros_like(dh), dh);
}

}  // namespace hopscope::core
