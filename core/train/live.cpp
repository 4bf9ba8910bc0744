// Live settings and freezes of the engine.
#include <algorithm>

#include "core/config/arithmetic.h"
#include "core/config/config.h"
#include "core/train/engine.h"

namespace hopscope::core {
namespace {

/// Freezable parts by the names of product.md section 6.
bool covers(const std::string& what, Group group) {
    if (what == "router")
        return group == Group::router_projection || group == Group::centroids ||
               group == Group::router_other;
    if (what == "centroids") return group == Group::centroids;
    if (what == "projection") return group == Group::router_projection;
    if (what == "experts") return group == Group::experts;
    if (what == "attention") return group == Group::attention;
    if (what == "embedding") return group == Group::embedding;
    return false;
}

/// Why a part does not exist in this model; empty: it does.
std::string nothing_to_freeze(const MoeConfig& moe, const std::string& what) {
    if (what == "router" && moe.router == "hash") return "a hash router has nothing that learns";
    if (what == "centroids" && !moe.has_positions())
        return "a " + moe.router + " router has no centroids";
    if (what == "projection" && (!moe.has_positions() || routes_in_model_space(moe)))
        return "this model has no projection";
    return "";
}

}  // namespace

bool Engine::is_frozen(Group group) const {
    return std::any_of(state_.frozen.begin(), state_.frozen.end(),
                       [&](const std::string& what) { return covers(what, group); });
}

bool Engine::shared_is_frozen(const std::string& name) const {
    return std::any_of(
        state_.frozen_experts.begin(), state_.frozen_experts.end(), [&](const auto& entry) {
            return static_cast<int64_t>(entry.second.size()) == state_.live.moe.experts &&
                   name.rfind("layers." + std::to_string(entry.first) + ".shared.", 0) == 0;
        });
}

std::vector<std::string> Engine::frozen() const {
    std::vector<std::string> out(state_.frozen.begin(), state_.frozen.end());
    for (const auto& [layer, ids] : state_.frozen_experts)
        out.push_back(std::to_string(ids.size()) + " experts of layer " + std::to_string(layer));
    return out;
}

Status Engine::set(const std::string& key, double value) {
    auto& live = state_.live;
    if (key == "lr") {
        live.train.lr = value;
    } else if (key == "tau") {
        live.moe.tau = value;
        for (auto& layer : state_.weights.layers)
            if (layer.tau.defined()) layer.tau.fill_(value);
    } else if (key == "balance_alpha") {
        live.train.balance_alpha = value;
    } else if (key == "clip") {
        live.train.clip = value;
    } else if (key == "dropout") {
        if (value < 0 || value >= 1)
            return usage_error("set dropout: found " + std::to_string(value) +
                               ", allowed 0 … below 1");
        live.model.dropout = value;
    } else if (key == "top_k") {
        auto changed = live;
        changed.moe.top_k = static_cast<int64_t>(value);
        if (auto s = check_config(changed, "set top_k"); !s) return s;
        live.moe.top_k = changed.moe.top_k;
    } else {
        return usage_error("set: unknown key \"" + key +
                           "\"; allowed: lr, tau, balance_alpha, top_k, dropout, clip");
    }
    return {};
}

Error Engine::not_frozen(const std::string& what) const {
    std::string list;
    for (const auto& name : frozen()) list += (list.empty() ? "" : ", ") + name;
    return usage_error("unfreeze " + what + ": not frozen under this name; frozen: " +
                       (list.empty() ? "nothing" : list));
}

Status Engine::freeze(const Command& command, bool on) {
    const auto what = command.text("what", "");
    static const std::vector<std::string> kParts = {
        "routing", "router", "centroids", "projection", "experts", "attention", "embedding"};
    if (std::find(kParts.begin(), kParts.end(), what) == kParts.end())
        return usage_error(command.name + ": \"" + what +
                           "\" is not available in training; allowed: routing, router, "
                           "centroids, projection, experts, attention, embedding");
    if (state_.live.model.ffn == "dense" && what != "attention" && what != "embedding")
        return usage_error(command.name + " " + what + ": a dense model has none");
    if (auto problem = nothing_to_freeze(state_.live.moe, what); !problem.empty())
        return usage_error(command.name + " " + what + ": " + problem);
    auto experts = command.integers("experts");
    if (what != "experts" && (command.has("layer") || !experts.empty()))
        return usage_error(command.name + " " + what +
                           ": acts on all layers; layer and experts belong to \"experts\"");
    if (command.has("layer") && experts.empty())  // all experts of that layer
        for (int64_t e = 0; e < state_.live.moe.experts; ++e) experts.push_back(e);
    if (experts.empty()) {
        if (on) {
            state_.frozen.insert(what);
            return {};
        }
        size_t lifted = state_.frozen.erase(what);
        if (what == "experts") {
            lifted += state_.frozen_experts.size();
            state_.frozen_experts.clear();
        }
        return lifted > 0 ? Status() : not_frozen(what);
    }
    const int64_t layer = command.integer("layer", -1);
    if (layer < 0 || layer >= state_.live.model.n_layers)
        return usage_error(command.name + " experts: layer " + std::to_string(layer) +
                           " does not exist; allowed 0 … " +
                           std::to_string(state_.live.model.n_layers - 1));
    for (const int64_t e : experts)
        if (e < 0 || e >= state_.live.moe.experts)
            return usage_error(command.name + " experts: expert " + std::to_string(e) +
                               " does not exist; allowed 0 … " +
                               std::to_string(state_.live.moe.experts - 1));
    if (!on && state_.frozen.count("experts"))
        return usage_error(
            "unfreeze experts: all experts are frozen together; unfreeze them all "
            "first, without layer and experts");
    auto& set = state_.frozen_experts[layer];
    for (const int64_t e : experts) {
        if (on)
            set.insert(e);
        else
            set.erase(e);
    }
    if (set.empty()) state_.frozen_experts.erase(layer);
    return {};
}

Status Engine::apply(const Command& command) {
    for (const char* scope : {"layers", "hops", "tokens", "from_step"})
        if (command.has(scope))
            return usage_error(command.name + ": the scope \"" + scope +
                               "\" is not available in training yet");
    if (command.name == "set") return set(command.text("key", ""), command.number("value", 0));
    if (command.name == "freeze" || command.name == "unfreeze")
        return freeze(command, command.name == "freeze");
    return usage_error(command.name + ": not available in training");
}

}  // namespace hopscope::core
