#include "core/probe/intervention_probe.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>
#include <vector>

#include "core/probe/interventions/table.h"

namespace hopscope::core {

template <class Act>
void InterventionProbe::each(int64_t layer, int64_t hop, Act act) const {
    for (const LayerAction& a : plan_.actions)
        if (a.layer == layer && a.scope.at_hop(hop)) act(a, kind_of(a));
}

void InterventionProbe::before_route(int64_t layer, int64_t hop, RouteInput& input) {
    each(layer, hop, [&](const LayerAction& a, const InterventionKind& kind) {
        kind.before_route(a, at(layer, hop), input);
    });
}

void InterventionProbe::after_route(int64_t layer, int64_t hop, Chosen& chosen) {
    if (hop == 0) first_ = {chosen.route, chosen.pool_offset, chosen.pool_size};
    each(layer, hop, [&](const LayerAction& a, const InterventionKind& kind) {
        kind.choose(a, at(layer, hop), chosen);
    });
    // Last, so that a forced or frozen choice can be knocked out too.
    each(layer, hop, [&](const LayerAction& a, const InterventionKind& kind) {
        kind.weigh(a, at(layer, hop), chosen);
    });
}

void InterventionProbe::after_experts(int64_t layer, int64_t hop, const ExpertCall& call,
                                      at::Tensor& dh) {
    std::vector<const LayerAction*> waiting;
    each(layer, hop, [&](const LayerAction& a, const InterventionKind& kind) {
        if (kind.rewrites()) waiting.push_back(&a);
    });
    if (waiting.empty()) return;
    const auto& w = model_.weights.layers[static_cast<size_t>(layer)];
    const auto all_rows = (w.value.defined() ? w.value : w.up).detach();  // [M, d] or [M, r, d]
    at::Tensor base;  // what the unchanged experts write, where several scopes must add up
    while (!waiting.empty()) {  // one changed bank for all that act on the same tokens
        const Scope scope = waiting.front()->scope;
        auto bank = call.bank;
        auto& rows = bank.value.defined() ? bank.value : bank.up;
        rows = rows.clone();
        std::erase_if(waiting, [&](const LayerAction* a) {
            if (!(a->scope == scope)) return false;
            kind_of(*a).rewrite(*a, {rows, all_rows, call.pool_offset});
            return true;
        });
        const auto changed =
            kernels::compose(call.h, call.route.idx, call.used, bank, call.composition, call.form);
        const auto where = at(layer, hop).mask(scope, call.rows, dh.size(0));
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
    each(layer, hop, [&](const LayerAction& a, const InterventionKind& kind) {
        kind.update(a, at(layer, hop), rows, dh);
    });
}

}  // namespace hopscope::core
