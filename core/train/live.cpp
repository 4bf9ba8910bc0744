// What commands change in the engine: settings, freezes, interventions, moved centroids.
#include <algorithm>
#include <c10/core/GradMode.h>

#include "core/api/arguments.h"
#include "core/api/freeze_parts.h"
#include "core/api/live_settings.h"
#include "core/base/names.h"
#include "core/config/arithmetic.h"
#include "core/config/config.h"
#include "core/train/engine.h"

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

std::string numbers(const std::set<int64_t>& list) {
    std::vector<std::string> words;
    for (const int64_t n : list) words.push_back(std::to_string(n));
    return joined(words);
}

}  // namespace

bool Engine::is_frozen(Group group, int64_t layer) const {
    const auto frozen = [&](FreezePart part) { return traits_of(part).groups.has(group); };
    if (std::any_of(state_.frozen.begin(), state_.frozen.end(), frozen)) return true;
    return std::any_of(
        state_.frozen_layers.begin(), state_.frozen_layers.end(),
        [&](const auto& entry) { return frozen(entry.first) && entry.second.count(layer) > 0; });
}

bool Engine::shared_is_frozen(const std::string& name) const {
    return std::any_of(
        state_.frozen_experts.begin(), state_.frozen_experts.end(), [&](const auto& entry) {
            return static_cast<int64_t>(entry.second.size()) == state_.model.config.moe.experts &&
                   name.rfind("layers." + std::to_string(entry.first) + ".shared.", 0) == 0;
        });
}

std::vector<std::string> Engine::frozen() const {
    std::vector<std::string> out;
    for (const FreezePart part : state_.frozen) out.push_back(word(part));
    for (const auto& [part, layers] : state_.frozen_layers)
        out.push_back(word(part) + (layers.size() == 1 ? " of layer " : " of layers ") +
                      numbers(layers));
    for (const auto& [layer, ids] : state_.frozen_experts)
        out.push_back(std::to_string(ids.size()) + " experts of layer " + std::to_string(layer));
    return out;
}

std::vector<std::string> Engine::interventions() const {
    std::vector<std::string> out;
    for (const auto& one : state_.interventions) out.push_back(plain_text(one.command));
    return out;
}

/// Takes effect with the next update, which reads the configuration of the model.
Status Engine::set(const std::string& key, double value) {
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
    state_.model.config = compute_.config = changed.config;
    for (auto& layer : state_.model.weights.layers)  // what the weights hold of it
        if (name == "tau" && layer.tau.defined()) layer.tau.fill_(value);
    return {};
}

Error Engine::not_frozen(FreezePart part) const {
    return usage_error("unfreeze " + word(part) +
                       ": not frozen under this name; frozen: " + joined_or(frozen(), "nothing"));
}

/// Hop-0 routing reused: of all layers, hops and tokens it is a flag of the pass; where a scope
/// names less, or weights are computed anew ("choices"), it is an intervention.
Status Engine::freeze_routing(FreezePart part, const Command& command, bool on) {
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
    return lifted > 0 ? adopt(std::move(left)) : not_frozen(part);
}

/// Single experts, or all of the given layers.
Status Engine::freeze_experts(const std::vector<int64_t>& layers, std::vector<int64_t> experts,
                              bool on) {
    const std::string& name = name_of(on ? CommandKind::freeze : CommandKind::unfreeze);
    if (layers.empty()) return usage_error(name + " experts: name the layer of these experts");
    if (experts.empty())
        for (int64_t e = 0; e < state_.model.config.moe.experts; ++e) experts.push_back(e);
    for (const int64_t e : experts)
        if (e < 0 || e >= state_.model.config.moe.experts)
            return usage_error(name + " experts: expert " + std::to_string(e) +
                               " does not exist; allowed 0 … " +
                               std::to_string(state_.model.config.moe.experts - 1));
    if (!on && state_.frozen.count(FreezePart::experts))
        return usage_error(
            "unfreeze experts: all experts are frozen together; unfreeze them all "
            "first, without layer and experts");
    for (const int64_t layer : layers) {
        auto& set = state_.frozen_experts[layer];
        for (const int64_t e : experts) {
            if (on)
                set.insert(e);
            else
                set.erase(e);
        }
        if (set.empty()) state_.frozen_experts.erase(layer);
    }
    return {};
}

/// A part of some layers; none given: of all.
Status Engine::freeze_part(FreezePart part, const std::vector<int64_t>& layers, bool on) {
    auto& some = state_.frozen_layers;
    const auto n = static_cast<size_t>(state_.model.config.model.n_layers);
    if (layers.empty()) {
        size_t lifted = state_.frozen.erase(part) + some.erase(part);
        if (part == FreezePart::experts && !on) {
            lifted += state_.frozen_experts.size();
            state_.frozen_experts.clear();
        }
        if (on) state_.frozen.insert(part);
        return on || lifted > 0 ? Status() : not_frozen(part);
    }
    if (on) {
        if (state_.frozen.count(part)) return {};
        some[part].insert(layers.begin(), layers.end());
        if (some[part].size() < n) return {};
        some.erase(part);
        state_.frozen.insert(part);
        return {};
    }
    auto left = some.count(part) ? some.at(part) : std::set<int64_t>();
    if (state_.frozen.count(part))
        for (size_t l = 0; l < n; ++l) left.insert(static_cast<int64_t>(l));
    const auto lifted =
        std::count_if(layers.begin(), layers.end(), [&](int64_t l) { return left.erase(l) > 0; });
    if (lifted == 0) return not_frozen(part);
    state_.frozen.erase(part);
    some[part] = left;
    if (left.empty()) some.erase(part);
    return {};
}

Status Engine::freeze(const Command& command, bool on) {
    const auto part = part_of(command);
    if (!part)
        return usage_error(command.name() + ": \"" + command.text("what", "") +
                           "\" is not available in training; allowed: " +
                           joined(spec_of(command.kind).chooser()->choices));
    const std::string start = command.name() + " " + word(*part) + ": ";
    if (auto problem = nothing_to_freeze(*part, state_.model.config); !problem.empty())
        return usage_error(start + problem);
    if (traits_of(*part).of_routing) return freeze_routing(*part, command, on);
    if (given(command, ArgMeaning::hops) || given(command, ArgMeaning::tokens))
        return usage_error(start +
                           "parameters serve all hops and tokens; leave hops and tokens out");
    const auto layers = layers_of(command);
    const auto experts = numbers_of(command, ArgMeaning::experts);
    if (*part == FreezePart::embedding && !layers.empty())
        return usage_error(start + "belongs to no layer; leave layer and layers out");
    for (const int64_t l : layers)
        if (l < 0 || l >= state_.model.config.model.n_layers)
            return usage_error(start + "layer " + std::to_string(l) +
                               " does not exist; allowed 0 … " +
                               std::to_string(state_.model.config.model.n_layers - 1));
    if (*part == FreezePart::experts && !(layers.empty() && experts.empty()))
        return freeze_experts(layers, experts, on);
    if (!experts.empty()) return usage_error(start + "\"experts\" belongs to what \"experts\"");
    return freeze_part(*part, layers, on);
}

Status Engine::adopt(std::vector<Intervention> active) {
    auto plan = live_plan(state_.model, active);
    if (!plan) return plan.error();
    state_.interventions = std::move(active);
    plan_ = std::move(*plan);
    return {};
}

Status Engine::intervene(const Command& command) {
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

Status Engine::clear(const Command& command) {
    auto left = state_.interventions;
    const auto list = joined_or(interventions(), "none");
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

Status Engine::move_centroid(const Command& command) {
    const auto plan = make_plan(state_.model, {command}, 0);
    if (!plan) return plan.error();
    const c10::AutoGradMode no_grad(false);
    for (const auto& move : plan->moves) {
        const auto l = static_cast<size_t>(move.layer);
        put_centroid(move, state_.model.weights.layers[l].centroids);
        // Momentum gathered at the old place would carry it on from the new one; how large
        // gradients are is still known.
        state_.m.layers[l].centroids.select(0, move.expert).zero_();
    }
    return {};
}

Status Engine::carry_out(const Command& command) {
    switch (command.kind) {
        case CommandKind::set:
            if (has_scope(command))
                return usage_error("set: acts on the whole run; leave layers, hops and tokens out");
            return set(command.text("key", ""), command.number("value", 0));
        case CommandKind::freeze:
        case CommandKind::unfreeze:
            return freeze(command, command.kind == CommandKind::freeze);
        case CommandKind::move_centroid:
            return move_centroid(command);
        case CommandKind::clear:
            return clear(command);
        default:
            break;
    }
    if (spec_of(command.kind).lasts) return intervene(command);
    return usage_error(command.name() + ": not available in training");
}

Status Engine::apply(const Command& command) {
    Command now = command;
    now.args.erase("from_step");  // whoever hands it over has waited
    if (auto s = carry_out(now); !s) return s;
    if (state_.commands >= 0) ++state_.commands;
    return {};
}

}  // namespace hopscope::core
