#include "core/follow/acting_commands.h"

#include <algorithm>

#include "core/api/command_registry.h"
#include "core/api/freeze_parts.h"

namespace hopscope::core {
namespace {

bool has_scope(const Command& command) {
    return std::any_of(command.args.begin(), command.args.end(),
                       [](const auto& arg) { return arg.first != "what"; });
}

/// Hop-0 routing reused everywhere is a freeze; elsewhere it is an intervention.
bool is_intervention(const Command& freeze, FreezePart part) {
    return traits_of(part).of_routing && (part != FreezePart::routing || has_scope(freeze));
}

/// "router", "router of layer 1", "2 experts of layer 0": as the run itself would say.
std::string words_of_freeze(const Command& command, FreezePart part) {
    std::string place;
    for (const char* key : {"layer", "layers"})
        for (const int64_t layer : command.integers(key))
            place += (place.empty() ? "" : ", ") + std::to_string(layer);
    const auto experts =
        std::max(command.integers("expert").size(), command.integers("experts").size());
    std::string text = experts > 0 ? std::to_string(experts) + " experts" : word(part);
    if (!place.empty())
        text += (place.find(',') == std::string::npos ? " of layer " : " of layers ") + place;
    return text;
}

}  // namespace

void ActingCommands::add(Command command) {
    command.args.erase("from_step");
    switch (command.kind) {
        case CommandKind::freeze:
            return freeze(command);
        case CommandKind::unfreeze:
            return unfreeze(command);
        case CommandKind::clear:
            return clear(command);
        case CommandKind::set:
        case CommandKind::fork:
            return;
        default:
            break;
    }
    const CommandSpec& spec = spec_of(command.kind);
    if (spec.action == Action::change && spec.live && spec.lasts) intervene(command);
}

void ActingCommands::freeze(const Command& command) {
    const auto part = part_of(command);
    if (!part) return;
    if (is_intervention(command, *part)) return intervene(command);
    // All of a part holds what was frozen of it before.
    if (!has_scope(command))
        std::erase_if(frozen_, [&](const Command& held) { return part_of(held) == part; });
    if (std::find(frozen_.begin(), frozen_.end(), command) == frozen_.end())
        frozen_.push_back(command);
}

void ActingCommands::unfreeze(const Command& command) {
    const auto part = part_of(command);
    if (!part) return;
    const bool all = !has_scope(command);
    const auto lifted = [&](const Command& held) {
        return part_of(held) == part && (all || held.args == command.args);
    };
    std::erase_if(frozen_, lifted);
    if (traits_of(*part).of_routing) std::erase_if(interventions_, lifted);
}

void ActingCommands::clear(const Command& command) {
    if (command.has("index")) {
        const auto index = command.integer("index", -1);
        if (index >= 0 && index < std::ssize(interventions_))
            interventions_.erase(interventions_.begin() + index);
        return;
    }
    const std::string name = command.text("name", "");
    std::erase_if(interventions_,
                  [&](const Command& held) { return name.empty() || held.name() == name; });
}

void ActingCommands::intervene(const Command& command) {
    const auto same = std::find_if(
        interventions_.begin(), interventions_.end(),
        [&](const Command& held) { return without_value(held) == without_value(command); });
    if (same != interventions_.end())
        *same = command;
    else
        interventions_.push_back(command);
}

std::vector<std::string> ActingCommands::frozen() const {
    std::vector<std::string> all, some;
    for (const Command& command : frozen_)
        (has_scope(command) ? some : all)
            .push_back(words_of_freeze(command, part_of(command).value()));
    std::sort(all.begin(), all.end());
    all.insert(all.end(), some.begin(), some.end());
    return all;
}

std::vector<std::string> ActingCommands::interventions() const {
    std::vector<std::string> out;
    for (const Command& command : interventions_) out.push_back(plain_text(command));
    return out;
}

}  // namespace hopscope::core
