#include "core/train/interventions.h"

#include <set>

#include "core/probe/intervention_kind.h"
#include "core/probe/interventions/table.h"

namespace hopscope::core {
namespace {

Command target_of(const Command& command) {
    Command out = without_value(command);
    out.args.erase("from_step");
    return out;
}

}  // namespace

Result<Intervention> resolve(const Model& model, const Command& command) {
    const auto plan = make_plan(model, {command}, model.config.train.seed);
    if (!plan) return plan.error();
    const auto tokens = command.integers("tokens");
    if (!tokens.empty() && tokens.front() >= model.config.train.seq_len)
        return usage_error("command \"" + command.name() + "\": tokens begin at " +
                           std::to_string(tokens.front()) +
                           ", a training sequence has the tokens 0 … " +
                           std::to_string(model.config.train.seq_len - 1));
    return Intervention{command, find_intervention(command.kind)->fixed(command, *plan)};
}

Result<Plan> live_plan(const Model& model, const std::vector<Intervention>& active) {
    std::vector<Command> acts;
    for (const Intervention& one : active)
        acts.insert(acts.end(), one.acts.begin(), one.acts.end());
    return make_plan(model, acts, model.config.train.seed);
}

bool same_target(const Command& a, const Command& b) {
    return target_of(a) == target_of(b);
}

std::vector<int64_t> unreachable_experts(const Plan& plan, int64_t layer) {
    std::set<int64_t> out;
    for (const LayerAction& a : plan.actions)
        if (kind_of(a).removes_experts() && a.layer == layer && a.scope.hops.empty() &&
            !a.scope.tokens)
            out.insert(a.experts.begin(), a.experts.end());
    return {out.begin(), out.end()};
}

}  // namespace hopscope::core
