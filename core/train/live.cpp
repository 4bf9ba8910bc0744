#include "core/train/live.h"

#include <algorithm>
#include <c10/core/GradMode.h>

#include "core/api/arguments.h"
#include "core/api/command_registry.h"
#include "core/api/freeze_parts.h"
#include "core/api/live_settings.h"
#include "core/base/names.h"
#include "core/config/check.h"
#include "core/probe/intervention_kind.h"
#include "core/probe/interventions/table.h"
#include "core/train/freezes.h"

namespace hopscope::core {
namespace {

bool has_scope(const Command& command) {
    constexpr ArgMeaning kScopes[] = {ArgMeaning::layer, ArgMeaning::layers, ArgMeaning::hops,
                                      ArgMeaning::tokens};
    return std::any_of(std::begin(kScopes), std::end(kScopes),
                       [&](ArgMeaning scope) { return given(command, scope); });
}

std::string joined_or(const std::vector<std::string>& words, const char* none) {
    return words.empty() ? none : joined(words);
}

}  // namespace

std::vector<std::string> interventions_in_words(const EngineState& state) {
    std::vector<std::string> out;
    for (const auto& one : state.interventions) out.push_back(plain_text(one.command));
    return out;
}

/// Takes effect with the next update, which reads the configuration of the model.
Status LiveChanges::set(const std::string& key, double value) {
    const LiveSetting* setting = find_live_setting(key);
    if (!setting)
        return usage_error("set: unknown key \"" + key +
                           "\"; allowed: " + joined(spec_of(CommandKind::set).chooser()->choices));
    const std::string& name = setting->value.name;
    Model changed = state_.model;
    set_live_value(*setting, changed.config, value);
    if (auto s = check_config(changed.config, "set " + name); !s) return s;
    if (auto plan = live_plan(changed, state_.interventions); !plan)
        return usage_error("set " + name +
                           ": does not go with an active intervention: " + plan.error().message);
    state_.model.config = changed.config;
    if (setting->tensor.empty()) return {};
    state_.model.weights.for_each([&](const std::string& tensor, Group, at::Tensor& held) {
        if (tensor.ends_with("." + setting->tensor)) held.fill_(value);
    });
    return {};
}

/// Hop-0 routing reused: of all layers, hops and tokens it is a flag of the pass; where a scope
/// names less, or weights are computed anew ("choices"), it is an intervention.
Status LiveChanges::freeze_routing(FreezePart part, const Command& command, bool on) {
    const bool whole = part == FreezePart::routing && !has_scope(command);
    if (on) {
        if (!whole) return intervene(command);
        state_.frozen.insert(part);
        return {};
    }
    auto left = state_.interventions;
    auto lifted = std::erase_if(left, [&](const Intervention& one) {
        if (part_of(one.command) != part) return false;
        Command frozen = command;
        frozen.kind = CommandKind::freeze;
        return !has_scope(command) || same_target(one.command, frozen);
    });
    if (whole) lifted += state_.frozen.erase(part);
    return lifted > 0 ? adopt(std::move(left)) : not_frozen(state_, part);
}

Status LiveChanges::freeze(const Command& command, bool on) {
    const auto part = part_of(command);
    if (!part)
        return usage_error(command.name() + ": \"" + command.text("what", "") +
                           "\" is not available in training; allowed: " +
                           joined(spec_of(command.kind).chooser()->choices));
    const std::string start = command.name() + " " + word(*part) + ": ";
    if (auto problem = nothing_to_freeze(*part, state_.model.config); !problem.empty())
        return usage_error(start + problem);
    if (traits_of(*part).of_routing) return freeze_routing(*part, command, on);
    return freeze_parameters(state_, *part, command, on);
}

Status LiveChanges::adopt(std::vector<Intervention> active) {
    auto plan = live_plan(state_.model, active);
    if (!plan) return plan.error();
    state_.interventions = std::move(active);
    plan_ = std::move(*plan);
    return {};
}

Status LiveChanges::intervene(const Command& command) {
    auto added = resolve(state_.model, command);
    if (!added) return added.error();
    auto active = state_.interventions;
    const auto same = std::find_if(active.begin(), active.end(), [&](const Intervention& one) {
        return same_target(one.command, command);
    });
    if (same != active.end())
        *same = std::move(*added);
    else
        active.push_back(std::move(*added));
    return adopt(std::move(active));
}

Status LiveChanges::clear(const Command& command) {
    auto left = state_.interventions;
    const auto list = joined_or(interventions_in_words(state_), "none");
    if (left.empty()) return usage_error("clear: no intervention is active");
    if (command.has("index")) {
        const int64_t index = command.integer("index", -1);
        if (index < 0 || index >= static_cast<int64_t>(left.size()))
            return usage_error("clear: index " + std::to_string(index) +
                               " does not exist; allowed 0 … " + std::to_string(left.size() - 1) +
                               " of: " + list);
        left.erase(left.begin() + index);
        return adopt(std::move(left));
    }
    const auto name = command.text("name", "");
    const auto taken = std::erase_if(
        left, [&](const Intervention& one) { return name.empty() || one.command.name() == name; });
    if (taken == 0) return usage_error("clear: no \"" + name + "\" is active; active: " + list);
    return adopt(std::move(left));
}

/// What does not last changes the weights themselves.
Status LiveChanges::edit(const Command& command) {
    const auto plan = make_plan(state_.model, {command}, state_.model.config.train.seed);
    if (!plan) return plan.error();
    const c10::AutoGradMode no_grad(false);
    for (const LayerAction& edit : plan->edits)
        kind_of(edit).settle(edit, {state_.model.weights, state_.m, state_.v});
    return {};
}

Status LiveChanges::carry_out(const Command& command) {
    switch (command.kind) {
        case CommandKind::set:
            if (has_scope(command))
                return usage_error("set: acts on the whole run; leave layers, hops and tokens out");
            return set(command.text("key", ""), command.number("value", 0));
        case CommandKind::freeze:
        case CommandKind::unfreeze:
            return freeze(command, command.kind == CommandKind::freeze);
        case CommandKind::clear:
            return clear(command);
        default:
            break;
    }
    const CommandSpec& spec = spec_of(command.kind);
    if (spec.lasts) return intervene(command);
    if (spec.live && find_intervention(command.kind)) return edit(command);
    return usage_error(command.name() + ": not available in training");
}

Status LiveChanges::apply(const Command& command) {
    Command now = command;
    now.args.erase("from_step");  // whoever hands it over has waited
    now.place.clear();
    if (auto s = carry_out(now); !s)
        return Error{s.error().kind, command.place + s.error().message};
    if (state_.commands >= 0) ++state_.commands;
    return {};
}

}  // namespace hopscope::core
