#include "core/train/freezes.h"

#include <algorithm>
#include <set>

#include "core/api/arguments.h"
#include "core/api/command_registry.h"
#include "core/base/names.h"

namespace hopscope::core {
namespace {

std::string numbers(const std::set<int64_t>& list) {
    std::vector<std::string> words;
    for (const int64_t n : list) words.push_back(std::to_string(n));
    return joined(words);
}

/// Single experts, or all of the given layers.
Status freeze_experts(EngineState& state, const std::vector<int64_t>& layers,
                      std::vector<int64_t> experts, bool on) {
    const std::string& name = name_of(on ? CommandKind::freeze : CommandKind::unfreeze);
    if (layers.empty()) return usage_error(name + " experts: name the layer of these experts");
    if (experts.empty())
        for (int64_t e = 0; e < state.model.config.moe.experts; ++e) experts.push_back(e);
    for (const int64_t e : experts)
        if (e < 0 || e >= state.model.config.moe.experts)
            return usage_error(name + " experts: expert " + std::to_string(e) +
                               " does not exist; allowed 0 … " +
                               std::to_string(state.model.config.moe.experts - 1));
    if (!on && state.frozen.count(FreezePart::experts))
        return usage_error(
            "unfreeze experts: all experts are frozen together; unfreeze them all "
            "first, without layer and experts");
    for (const int64_t layer : layers) {
        auto& set = state.frozen_experts[layer];
        for (const int64_t e : experts) {
            if (on)
                set.insert(e);
            else
                set.erase(e);
        }
        if (set.empty()) state.frozen_experts.erase(layer);
    }
    return {};
}

/// A part of some layers; none given: of all.
Status freeze_part(EngineState& state, FreezePart part, const std::vector<int64_t>& layers,
                   bool on) {
    auto& some = state.frozen_layers;
    const auto n = static_cast<size_t>(state.model.config.model.n_layers);
    if (layers.empty()) {
        size_t lifted = state.frozen.erase(part) + some.erase(part);
        if (part == FreezePart::experts && !on) {
            lifted += state.frozen_experts.size();
            state.frozen_experts.clear();
        }
        if (on) state.frozen.insert(part);
        return on || lifted > 0 ? Status() : not_frozen(state, part);
    }
    if (on) {
        if (state.frozen.count(part)) return {};
        some[part].insert(layers.begin(), layers.end());
        if (some[part].size() < n) return {};
        some.erase(part);
        state.frozen.insert(part);
        return {};
    }
    auto left = some.count(part) ? some.at(part) : std::set<int64_t>();
    if (state.frozen.count(part))
        for (size_t l = 0; l < n; ++l) left.insert(static_cast<int64_t>(l));
    const auto lifted =
        std::count_if(layers.begin(), layers.end(), [&](int64_t l) { return left.erase(l) > 0; });
    if (lifted == 0) return not_frozen(state, part);
    state.frozen.erase(part);
    some[part] = left;
    if (left.empty()) some.erase(part);
    return {};
}

}  // namespace

bool is_frozen(const EngineState& state, Group group, int64_t layer) {
    const auto frozen = [&](FreezePart part) { return traits_of(part).groups.has(group); };
    if (std::any_of(state.frozen.begin(), state.frozen.end(), frozen)) return true;
    return std::any_of(
        state.frozen_layers.begin(), state.frozen_layers.end(),
        [&](const auto& entry) { return frozen(entry.first) && entry.second.count(layer) > 0; });
}

bool shared_is_frozen(const EngineState& state, const std::string& name) {
    return std::any_of(
        state.frozen_experts.begin(), state.frozen_experts.end(), [&](const auto& entry) {
            return static_cast<int64_t>(entry.second.size()) == state.model.config.moe.experts &&
                   name.rfind("layers." + std::to_string(entry.first) + ".shared.", 0) == 0;
        });
}

std::vector<std::string> frozen_in_words(const EngineState& state) {
    std::vector<std::string> out;
    for (const FreezePart part : state.frozen) out.push_back(word(part));
    for (const auto& [part, layers] : state.frozen_layers)
        out.push_back(word(part) + (layers.size() == 1 ? " of layer " : " of layers ") +
                      numbers(layers));
    for (const auto& [layer, ids] : state.frozen_experts)
        out.push_back(std::to_string(ids.size()) + " experts of layer " + std::to_string(layer));
    return out;
}

Error not_frozen(const EngineState& state, FreezePart part) {
    const auto words = frozen_in_words(state);
    return usage_error("unfreeze " + word(part) + ": not frozen under this name; frozen: " +
                       (words.empty() ? "nothing" : joined(words)));
}

Status freeze_parameters(EngineState& state, FreezePart part, const Command& command, bool on) {
    const std::string start = command.name() + " " + word(part) + ": ";
    if (given(command, ArgMeaning::hops) || given(command, ArgMeaning::tokens))
        return usage_error(start +
                           "parameters serve all hops and tokens; leave hops and tokens out");
    const auto layers = layers_of(command);
    const auto experts = numbers_of(command, ArgMeaning::experts);
    if (part == FreezePart::embedding && !layers.empty())
        return usage_error(start + "belongs to no layer; leave layer and layers out");
    for (const int64_t l : layers)
        if (l < 0 || l >= state.model.config.model.n_layers)
            return usage_error(start + "layer " + std::to_string(l) +
                               " does not exist; allowed 0 … " +
                               std::to_string(state.model.config.model.n_layers - 1));
    if (part == FreezePart::experts && !(layers.empty() && experts.empty()))
        return freeze_experts(state, layers, experts, on);
    if (!experts.empty()) return usage_error(start + "\"experts\" belongs to what \"experts\"");
    return freeze_part(state, part, layers, on);
}

}  // namespace hopscope::core
