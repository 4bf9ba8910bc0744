// Inference commands (product.md section 6) as plain controls of a forward pass.
#include <algorithm>

#include "core/probe/trace.h"

namespace hopscope::core {
namespace {

Status add_halt(const Config& config, const Command& command, Controls& out) {
    const auto layers = static_cast<size_t>(config.model.n_layers);
    if (command.has("epsilon")) {
        out.halt_epsilon = command.number("epsilon", -1);
        if (!(out.halt_epsilon >= 0)) return usage_error("halt: epsilon must be 0 or more");
    }
    if (command.has("max_hops")) {
        auto limits = command.integers("max_hops");
        if (limits.size() == 1) limits.assign(layers, limits[0]);
        if (limits.size() != layers)
            return usage_error("halt: max_hops has " + std::to_string(limits.size()) +
                               " values, the model has " + std::to_string(layers) +
                               " layers; give one number or one a layer");
        if (std::any_of(limits.begin(), limits.end(), [](int64_t h) { return h < 1; }))
            return usage_error("halt: max_hops must be 1 or more in each layer");
        out.max_hops = limits;
    }
    if (!command.has("epsilon") && !command.has("max_hops"))
        return usage_error("halt: give epsilon or max_hops");
    if (command.has("tokens")) {
        const auto range = command.integers("tokens");
        if (range.empty() || range.size() > 2 || range.front() < 0 || range.back() < range.front())
            return usage_error("halt: tokens must be [from, to], from 0, inclusive");
        out.halt_tokens = {range.front(), range.back()};
    }
    return {};
}

}  // namespace

Result<Controls> controls_of(const Config& config, const std::vector<Command>& commands) {
    Controls out;
    for (const auto& command : commands) {
        for (const char* scope : {"layers", "hops", "tokens", "from_step"})
            if (command.has(scope) && !(command.name == "halt" && std::string(scope) == "tokens"))
                return usage_error(command.name + ": the scope \"" + scope +
                                   "\" is not available in this version");
        if (command.name == "halt") {
            if (auto s = add_halt(config, command, out); !s) return s.error();
        } else if (command.name == "freeze" && command.text("what", "") == "routing") {
            out.freeze_routing = true;
        } else if (command.name == "unfreeze" && command.text("what", "") == "routing") {
            out.freeze_routing = false;
        } else if (command.name == "zero_experts") {
            out.zero_experts = true;
        } else {
            return usage_error(
                command.name +
                ": not available on a prompt in this version; available: halt, freeze "
                "routing, zero_experts (all layers)");
        }
    }
    return out;
}

}  // namespace hopscope::core
