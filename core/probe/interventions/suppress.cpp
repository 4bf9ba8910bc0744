// suppress: experts and their nearest neighbours out of the choice, score −inf before the softmax
// [def:suppress].
#include <limits>
#include <set>

#include "core/probe/intervention_kind.h"

namespace hopscope::core {
namespace {

class Suppress : public InterventionKind {
  public:
    Status add(PlanReader& reader) const override {
        const int64_t n = reader.command.integer("neighbours", 1);
        return reader.add_to_experts(no_scores(reader.model.config), [&](LayerAction& action) {
            const auto& w = reader.model.weights.layers[static_cast<size_t>(action.layer)];
            std::set<int64_t> all;
            for (const int64_t e : action.experts)
                for (const int64_t near : neighbours_of(reader.model.config, w, action.layer, e, n))
                    all.insert(near);
            action.experts.assign(all.begin(), all.end());
            return Status();
        });
    }

    /// A hop must keep top_k experts to choose from.
    Status check(const Plan& plan, const HopPool& at) const override {
        const int64_t gone = acting(plan, CommandKind::suppress, at);
        if (at.size - gone >= at.top_k) return {};
        return usage_error("command \"suppress\": found " + std::to_string(gone) + " of " +
                           std::to_string(at.size) + " experts at " + at.text() +
                           "; allowed at most " + std::to_string(at.size - at.top_k));
    }

    void before_route(const LayerAction& action, const HopPass& at,
                      RouteInput& input) const override {
        add_to_scores(action, at, -std::numeric_limits<double>::infinity(), input);
    }

    /// The neighbours stay those of this moment while centroids move on: a line a layer.
    std::vector<Command> fixed(const Command& command, const Plan& plan) const override {
        std::vector<Command> out;
        for (const LayerAction& action : plan.actions) {
            Command act = command;
            act.args.erase("layers");
            act.args.erase("neighbours");
            act.args["layer"] = action.layer;
            act.args["expert"] = action.experts;
            out.push_back(std::move(act));
        }
        return out;
    }
    bool removes_experts() const override { return true; }
};

}  // namespace

const InterventionKind& suppress_intervention() {
    static const Suppress kind;
    return kind;
}

}  // namespace hopscope::core
