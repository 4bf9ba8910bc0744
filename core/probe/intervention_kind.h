// An intervention is a change that a person makes to a model, on a prompt or while it trains. What
// one kind of it is to the laboratory (its part of a plan, what it does at the named points of a
// pass, its random control) is one file of core/probe/interventions behind this interface; its
// words and arguments are its row in core/api/commands.def. Stateless, any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/model/positions.h"
#include "core/probe/plan.h"
#include "core/probe/random_control.h"

namespace hopscope::core {

/// One command on its way into a plan, and what every kind needs to read it.
struct PlanReader {
    const Model& model;
    const Command& command;
    const uint64_t seed;  ///< of everything random in the script
    Plan& plan;
    Scope scope = {};

    /// `command "NAME": what`.
    Error wrong(const std::string& what) const;
    /// "hops" and "tokens", checked.
    Status read_scope();
    /// A new action in a layer of the command, in its scope.
    LayerAction action(int64_t layer) const;
    /// "layers", or "layer", or all.
    Result<std::vector<int64_t>> layers() const;
    /// "expert", sorted, each once; may be none.
    Result<std::vector<int64_t>> experts() const;

    /// An action in each layer of the command.
    Status add_to_layers(const std::function<void(LayerAction&)>& fill = {});
    /// An action on the command's experts in each of its layers.
    /// @param refusal why this model cannot have it; "" where it can
    Status add_to_experts(const std::string& refusal,
                          const std::function<Status(LayerAction&)>& fill = {});
};

/// One hop of a layer and the pool of experts it chooses from.
struct HopPool {
    int64_t layer, hop, offset, size;
    int64_t top_k;
    std::string text() const;  ///< "layer 1, hop 0, where top_k = 2"
};
/// How many experts all actions of a kind name in the pool of a hop; token scopes count as
/// overlapping.
int64_t acting(const Plan& plan, CommandKind kind, const HopPool& at);

/// What hop 0 of the present layer chose, all tokens.
struct FirstChoice {
    kernels::RouteOut route;
    int64_t offset = 0, size = 0;
};

/// The hop of a pass at which an action acts.
struct HopPass {
    const Model& model;
    const Plan& plan;
    const Positions& positions;  ///< of the pass's rows; scopes count within a sequence
    int64_t layer, hop;
    const FirstChoice& first;

    const LayerWeights& layer_weights() const {
        return model.weights.layers[static_cast<size_t>(layer)];
    }
    /// [A] which of the running tokens a scope names; undefined: all.
    at::Tensor mask(const Scope& scope, const at::Tensor& rows, int64_t active) const;
};

/// What the experts of a hop's pool write, in a copy that may be changed.
struct WrittenRows {
    at::Tensor& rows;       ///< [pool, d] or [pool, r, d]
    const at::Tensor& all;  ///< of the whole layer, unchanged
    int64_t pool_offset;
};

/// The action's experts that are in a pool, counted from its start.
std::vector<int64_t> in_pool(const LayerAction& action, int64_t offset, int64_t size);
at::Tensor index_of(const std::vector<int64_t>& list, const at::Tensor& like);
/// `changed` where the mask says so, else `base`; an undefined mask is everywhere.
at::Tensor blend(const at::Tensor& mask, const at::Tensor& changed, const at::Tensor& base);

/// Why no score can be changed in this model; "" where it can.
std::string no_scores(const Config& config);
/// `amount` on the scores of the action's experts, before the softmax.
void add_to_scores(const LayerAction& action, const HopPass& at, double amount, RouteInput& input);

struct ControlDraw;  // core/probe/random_control.h: one draw of a random control

/// The weights in training, and what the optimizer remembers of each.
struct Learner {
    Weights &weights, &m, &v;
};

class InterventionKind {
  public:
    virtual ~InterventionKind() = default;

    /// Its part of the plan: the command checked against the model and resolved into actions.
    virtual Status add(PlanReader& reader) const = 0;
    /// What all of its actions together must leave possible at a hop.
    virtual Status check(const Plan& plan, const HopPool& at) const { return {}; }
    /// One of its edits. @param out a copy that shares what no edit has changed
    virtual void edit(const LayerAction& edit, const Weights& weights, Weights& out) const {}

    // What one action does at a hop of its scope, in the order of the pass; for experts that are
    // not in the hop's pool nothing.
    virtual void before_route(const LayerAction& action, const HopPass& at,
                              RouteInput& input) const {}
    virtual void choose(const LayerAction& action, const HopPass& at, Chosen& chosen) const {}
    /// After all have chosen: the weights with which the chosen experts are used.
    virtual void weigh(const LayerAction& action, const HopPass& at, Chosen& chosen) const {}
    /// Whether its actions change what experts write, by rewrite().
    virtual bool rewrites() const { return false; }
    virtual void rewrite(const LayerAction& action, const WrittenRows& written) const {}
    virtual void update(const LayerAction& action, const HopPass& at, const at::Tensor& rows,
                        at::Tensor& dh) const {}

    // Its random control. Named experts are drawn for every kind alike; what else is drawn:
    /// Why no control of equal size can be drawn; "" where one can.
    virtual std::string no_control(const Plan& plan, const Config& config) const { return ""; }
    /// Experts that must not be drawn besides the targets.
    virtual std::vector<int64_t> spared(const LayerAction& action) const { return {}; }
    /// One action or edit, before its experts are replaced.
    virtual void redraw(LayerAction& action, const ControlDraw& draw) const {}
    /// What is drawn over the whole plan, after all actions.
    virtual void redraw_plan(Plan& plan, const ControlDraw& draw) const {}

    // In the run in training.
    /// Of a kind that does not last there: one of its edits, for good.
    virtual void settle(const LayerAction& edit, const Learner& learner) const {}
    /// What the command comes to mean for the weights as they are, as lines that stay true.
    virtual std::vector<Command> fixed(const Command& command, const Plan& plan) const {
        return {command};
    }
    /// Whether no token can choose the experts of its actions.
    virtual bool removes_experts() const { return false; }
};

}  // namespace hopscope::core
