// freeze and unfreeze of routing: hop 0's choice reused by all hops, with its weights ("routing",
// [def:frozen_routing]) or with weights of the hop's own probabilities ("choices"). The control of
// a freeze reuses the choice of another token. Parts of the model that stop learning are frozen in
// core/train/live.cpp.
#include <ATen/TensorOperators.h>
#include <algorithm>
#include <numeric>

#include "core/api/freeze_parts.h"
#include "core/model/router.h"
#include "core/probe/intervention_kind.h"
#include "core/probe/random_control.h"

namespace hopscope::core {
namespace {

/// The part that the command names, where a pass can have it frozen or unfrozen.
Result<FreezePart> read_part(const PlanReader& reader, bool freezes) {
    const auto part = part_of(reader.command);
    const auto& moe = reader.model.config.moe;
    if (!part || !traits_of(*part).of_routing)
        return reader.wrong("\"" + reader.command.text("what", "") +
                            "\" is a part of training; on prompts: \"routing\", \"choices\"");
    const bool choices = part == FreezePart::choices;
    if (moe.pools == Pools::unrolled && (choices || reader.scope.tokens))
        return reader.wrong(
            "over unrolled pools only \"routing\" of all tokens can be frozen: a hop "
            "has one pool");
    if (choices && moe.gates_by_identity() && freezes)
        return reader.wrong("identity gating has no probability to weigh a frozen choice anew");
    return *part;
}

/// What an action keeps of hop 0.
struct Kept {
    FreezePart part;
    bool exchanged = false;  ///< of a control: the choice is that of another token
};

const Kept& kept_by(const LayerAction& action) {
    return *std::any_cast<Kept>(&action.own);
}

class Freeze : public InterventionKind {
  public:
    Status add(PlanReader& reader) const override {
        const auto part = read_part(reader, true);
        if (!part) return part.error();
        return reader.add_to_layers([&](LayerAction& action) { action.own = Kept{*part}; });
    }

    void choose(const LayerAction& action, const HopPass& at, Chosen& c) const override {
        if (at.hop == 0) return;
        auto& r = c.route;
        const auto where = at.mask(action.scope, c.rows, r.idx.size(0));
        const auto& first = at.first.route;
        auto idx = first.idx, weight = first.weight;
        const auto [part, exchanged] = kept_by(action);
        const bool own_weights = part == FreezePart::choices;
        if (exchanged) {
            const auto other = shuffled(action.seed, idx);
            idx = idx.index_select(0, other);
            weight = weight.index_select(0, other);
        }
        idx = at_rows(idx, c.rows);
        weight = at_rows(weight, c.rows);
        if (own_weights && r.affinity.defined())
            weight = kernels::weights_of(r, idx, at.model.config.moe.renormalises(idx.size(1)));
        if (!where.defined() && !own_weights) {
            c.pool_offset = at.first.offset;  // hop 0's own pool and choice [def:frozen_routing]
            c.pool_size = at.first.size;
            r.p = first.p.defined() ? at_rows(first.p, c.rows) : first.p;
            r.affinity =
                first.affinity.defined() ? at_rows(first.affinity, c.rows) : first.affinity;
        }
        r.idx = blend(where, idx, r.idx);
        r.weight = c.used = blend(where, weight, r.weight);
        if (!own_weights && !exchanged && r.pos.defined())
            r.pos = blend(where, at_rows(first.pos, c.rows), r.pos);
    }

    void redraw(LayerAction& action, const ControlDraw&) const override {
        action.own = Kept{kept_by(action).part, /*exchanged=*/true};
    }

  private:
    static at::Tensor shuffled(uint64_t seed, const at::Tensor& idx) {
        std::vector<int64_t> order(static_cast<size_t>(idx.size(0)));
        std::iota(order.begin(), order.end(), 0);
        Random random(seed);
        random.shuffle(order);
        return index_of(order, idx);
    }
};

class Unfreeze : public InterventionKind {
  public:
    Status add(PlanReader& reader) const override {
        const auto part = read_part(reader, false);
        if (!part) return part.error();
        std::erase_if(reader.plan.actions, [&](const LayerAction& a) {
            return a.kind == CommandKind::freeze && kept_by(a).part == *part;
        });
        return {};
    }
};

}  // namespace

const InterventionKind& freeze_intervention() {
    static const Freeze kind;
    return kind;
}

const InterventionKind& unfreeze_intervention() {
    static const Unfreeze kind;
    return kind;
}

}  // namespace hopscope::core
