// force: experts among the chosen top-k always, in place of the last.
#include <ATen/TensorOperators.h>
#include <ATen/ops/gather.h>
#include <algorithm>

#include "core/probe/intervention_kind.h"

namespace hopscope::core {
namespace {

class Force : public InterventionKind {
  public:
    Status add(PlanReader& reader) const override {
        const auto& moe = reader.model.config.moe;
        const bool no_weight = moe.gates_by_identity();
        return reader.add_to_experts(
            no_weight ? "identity gating has no probability to give a forced expert" : "");
    }

    Status check(const Plan& plan, const HopPool& at) const override {
        const int64_t forced = acting(plan, CommandKind::force, at);
        if (forced <= at.top_k) return {};
        return usage_error("command \"force\": found " + std::to_string(forced) + " experts at " +
                           at.text() + "; allowed at most " + std::to_string(at.top_k));
    }

    void choose(const LayerAction& action, const HopPass& at, Chosen& c) const override {
        const auto wanted = in_pool(action, c.pool_offset, c.pool_size);
        if (wanted.empty()) return;
        auto& r = c.route;
        const int64_t k = r.idx.size(1), active = r.idx.size(0);
        const auto where = at.mask(action.scope, c.rows, active);
        auto idx = replace_last(r.idx, wanted, all_forced(at), c.pool_offset);
        at::Tensor weight = r.weight;
        if (r.affinity.defined()) {
            auto p_chosen = r.affinity.gather(1, idx);
            // Falling weight, ties by lowest index, as everywhere.
            const auto by_index = std::get<1>(idx.sort(/*stable=*/true, -1, false));
            idx = idx.gather(1, by_index);
            p_chosen = p_chosen.gather(1, by_index);
            const auto order = std::get<1>(p_chosen.sort(/*stable=*/true, -1, /*descending=*/true));
            idx = idx.gather(1, order);
            weight = kernels::weights_of(r, idx, at.model.config.moe.renormalises(k));
        } else {
            idx = std::get<0>(idx.sort(/*stable=*/true, -1, false));  // hash: equal weights
        }
        r.idx = blend(where, idx, r.idx);
        r.weight = c.used = blend(where, weight, r.weight);
    }

  private:
    /// Experts that any action forces at this hop: none of them gives way to another.
    static std::vector<int64_t> all_forced(const HopPass& at) {
        std::vector<int64_t> out;
        for (const LayerAction& a : at.plan.actions)
            if (a.kind == CommandKind::force && a.layer == at.layer && a.scope.at_hop(at.hop))
                out.insert(out.end(), a.experts.begin(), a.experts.end());
        return out;
    }

    /// [A, k] The lowest-ranked expert that is not itself a forced one gives way.
    static at::Tensor replace_last(const at::Tensor& chosen, const std::vector<int64_t>& wanted,
                                   const std::vector<int64_t>& forced, int64_t pool_offset) {
        const int64_t active = chosen.size(0), k = chosen.size(1);
        auto idx = chosen.to(at::kCPU).clone();
        auto* p = idx.mutable_data_ptr<int64_t>();
        for (int64_t t = 0; t < active; ++t) {
            auto* row = p + t * k;
            int64_t last = k - 1;
            for (const int64_t e : wanted) {
                if (std::find(row, row + k, e) != row + k) continue;
                while (last >= 0 &&
                       std::count(forced.begin(), forced.end(), row[last] + pool_offset))
                    --last;
                if (last < 0) break;
                row[last--] = e;
            }
        }
        return idx.to(chosen.device());
    }
};

}  // namespace

const InterventionKind& force_intervention() {
    static const Force kind;
    return kind;
}

}  // namespace hopscope::core
