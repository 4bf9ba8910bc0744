// halt: fewer hops, by the size of a token's last update or at a fixed count. It is a switch of the
// pass; its random control exchanges the depths that came out of it (core/probe/effect.cpp).
#include <algorithm>

#include "core/probe/intervention_kind.h"

namespace hopscope::core {
namespace {

class Halt : public InterventionKind {
  public:
    Status add(PlanReader& reader) const override {
        const Command& command = reader.command;
        auto& out = reader.plan.changes;
        if (out.halts())
            return reader.wrong(
                "is given twice; one rule a script: epsilon, or max_hops one a layer");
        if (command.has("hops")) return reader.wrong("has no scope \"hops\"; give max_hops");
        if (command.has("layers")) {
            auto named = reader.layers();
            if (!named) return named.error();
            out.halt_layers = *named;
        }
        if (command.has("epsilon")) {
            out.halt_epsilon = command.number("epsilon", -1);
            if (!(out.halt_epsilon >= 0)) return reader.wrong("epsilon must be 0 or more");
        }
        if (command.has("max_hops"))
            if (auto s = read_limits(reader, out.max_hops); !s) return s;
        if (command.has("tokens")) {
            const auto t = command.integers("tokens");
            out.halt_tokens = {t[0], t[1]};
        }
        return {};
    }

  private:
    static Status read_limits(const PlanReader& reader, std::vector<int64_t>& out) {
        const auto layers = static_cast<size_t>(reader.model.config.model.n_layers);
        auto limits = reader.command.integers("max_hops");
        if (limits.size() == 1) limits.assign(layers, limits[0]);
        if (limits.size() != layers)
            return reader.wrong("max_hops has " + std::to_string(limits.size()) +
                                " values, the model has " + std::to_string(layers) +
                                " layers; give one number or one a layer");
        if (std::any_of(limits.begin(), limits.end(), [](int64_t h) { return h < 1; }))
            return reader.wrong("max_hops must be 1 or more in each layer");
        out = limits;
        return {};
    }
};

}  // namespace

const InterventionKind& halt_intervention() {
    static const Halt kind;
    return kind;
}

}  // namespace hopscope::core
