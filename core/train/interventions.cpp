#include "core/train/interventions.h"

#include <algorithm>
#include <set>

namespace hopscope::core {
namespace {

std::string target_of(Command command) {
    command.args.erase(value_argument(command.name));
    command.args.erase("from_step");
    return to_json(command);
}

}  // namespace

Result<Intervention> resolve(const Config& config, const Weights& weights, const Command& command) {
    const auto plan = make_plan(config, weights, {command}, config.train.seed);
    if (!plan) return plan.error();
    const auto tokens = command.integers("tokens");
    if (!tokens.empty() && tokens.front() >= config.train.seq_len)
        return usage_error(
            "command \"" + command.name + "\": tokens begin at " + std::to_string(tokens.front()) +
            ", a training sequence has the tokens 0 … " + std::to_string(config.train.seq_len - 1));
    Intervention out{command, {command}};
    if (command.name != "suppress") return out;
    out.acts.clear();
    for (const LayerAction& action : plan->actions) {
        Command act = command;
        act.args.erase("layers");
        act.args.erase("neighbours");
        act.args["layer"] = action.layer;
        act.args["expert"] = action.experts;
        out.acts.push_back(std::move(act));
    }
    return out;
}

Result<Plan> live_plan(const Config& config, const Weights& weights,
                       const std::vector<Intervention>& active) {
    std::vector<Command> acts;
    for (const Intervention& one : active)
        acts.insert(acts.end(), one.acts.begin(), one.acts.end());
    return make_plan(config, weights, acts, config.train.seed);
}

bool same_target(const Command& a, const Command& b) {
    return target_of(a) == target_of(b);
}

std::vector<int64_t> unreachable_experts(const Plan& plan, int64_t layer) {
    std::set<int64_t> out;
    for (const LayerAction& a : plan.actions)
        if (a.kind == ActionKind::suppress && a.layer == layer && a.scope.hops.empty() &&
            !a.scope.tokens)
            out.insert(a.experts.begin(), a.experts.end());
    return {out.begin(), out.end()};
}

}  // namespace hopscope::core
