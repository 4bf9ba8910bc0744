#include "core/probe/plan.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <algorithm>
#include <set>

#include "core/config/arithmetic.h"
#include "core/model/router.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

std::string text(int64_t n) {
    return std::to_string(n);
}

/// Builds a plan command by command; the first error ends it.
class PlanBuilder {
  public:
    PlanBuilder(const Config& config, const Weights& weights, uint64_t seed)
        : config_(config), weights_(weights), seed_(seed) {}

    Status add(const Command& c) {
        command_ = &c;
        if (config_.model.ffn == "dense") return wrong("a dense model has no routing to change");
        if (c.has("from_step")) return wrong("\"from_step\" belongs to the run in training");
        Scope scope;
        if (auto s = read_scope(scope); !s) return s;
        if (c.name == "halt") return add_halt();
        if (c.name == "zero_experts") return add_everywhere(ActionKind::zero, scope);
        if (c.name == "freeze" || c.name == "unfreeze") return add_freeze(scope);
        if (c.name == "move_centroid") return add_move();
        static const std::vector<std::pair<const char*, ActionKind>> kKinds = {
            {"steer", ActionKind::steer},     {"suppress", ActionKind::suppress},
            {"force", ActionKind::force},     {"boost", ActionKind::boost},
            {"surgery", ActionKind::surgery}, {"knock_out", ActionKind::knock_out}};
        for (const auto& [name, kind] : kKinds)
            if (c.name == name) return add_experts(kind, scope);
        return wrong("acts on the run in training, not on prompts");
    }

    Result<Plan> finish() {
        if (auto s = check_counts(); !s) return s.error();
        plan_.controls.keep_scores = !plan_.actions.empty() || !plan_.moves.empty();
        return std::move(plan_);
    }

  private:
    Error wrong(const std::string& what) const {
        return usage_error("command \"" + command_->name + "\": " + what);
    }

    Status read_scope(Scope& scope) const {
        const auto& hops = config_.moe.hops;
        const int64_t most = *std::max_element(hops.begin(), hops.end());
        scope.hops = command_->integers("hops");
        for (const int64_t h : scope.hops)
            if (h < 0 || h >= most)
                return wrong("hop " + text(h) + " does not exist; allowed 0 … " + text(most - 1));
        if (command_->has("tokens")) {
            const auto t = command_->integers("tokens");
            if (t.size() != 2 || t[0] < 0 || t[1] < t[0])
                return wrong("tokens must be [from, to], from 0, inclusive");
            scope.tokens = {t[0], t[1]};
        }
        return {};
    }

    /// "layers", or "layer", or all.
    Result<std::vector<int64_t>> read_layers() const {
        auto layers = command_->integers(command_->has("layers") ? "layers" : "layer");
        if (layers.empty())
            for (int64_t l = 0; l < config_.model.n_layers; ++l) layers.push_back(l);
        for (const int64_t l : layers)
            if (l < 0 || l >= config_.model.n_layers)
                return wrong("layer " + text(l) + " does not exist; allowed 0 … " +
                             text(config_.model.n_layers - 1));
        return layers;
    }

    Result<std::vector<int64_t>> read_experts() const {
        auto experts = command_->integers("expert");
        for (const int64_t e : experts)
            if (e < 0 || e >= config_.moe.experts)
                return wrong("expert " + text(e) + " does not exist; allowed 0 … " +
                             text(config_.moe.experts - 1));
        std::sort(experts.begin(), experts.end());
        experts.erase(std::unique(experts.begin(), experts.end()), experts.end());
        return experts;
    }

    Status add_everywhere(ActionKind kind, const Scope& scope) {
        auto layers = read_layers();
        if (!layers) return layers.error();
        for (const int64_t l : *layers) {
            LayerAction action;
            action.kind = kind;
            action.layer = l;
            action.scope = scope;
            plan_.actions.push_back(action);
        }
        return {};
    }

    Status add_freeze(const Scope& scope) {
        const auto what = command_->text("what", "");
        if (what != "routing" && what != "choices")
            return wrong("\"" + what +
                         "\" is a part of training; on prompts: \"routing\", \"choices\"");
        if (config_.moe.pools == "unrolled" && (what == "choices" || scope.tokens))
            return wrong(
                "over unrolled pools only \"routing\" of all tokens can be frozen: a hop "
                "has one pool");
        if (what == "choices" && config_.moe.router == "kmeans" &&
            config_.moe.kmeans_gating == "identity" && command_->name == "freeze")
            return wrong("identity gating has no probability to weigh a frozen choice anew");
        const auto kind =
            what == "routing" ? ActionKind::freeze_routing : ActionKind::freeze_choices;
        if (command_->name == "freeze") return add_everywhere(kind, scope);
        std::erase_if(plan_.actions, [&](const LayerAction& a) { return a.kind == kind; });
        return {};
    }

    Status add_halt() {
        auto& out = plan_.controls;
        const auto layers = static_cast<size_t>(config_.model.n_layers);
        if (out.halts())
            return wrong("is given twice; one rule a script: epsilon, or max_hops one a layer");
        if (command_->has("hops")) return wrong("has no scope \"hops\"; give max_hops");
        if (command_->has("layers")) {
            auto named = read_layers();
            if (!named) return named.error();
            out.halt_layers = *named;
        }
        if (command_->has("epsilon")) {
            out.halt_epsilon = command_->number("epsilon", -1);
            if (!(out.halt_epsilon >= 0)) return wrong("epsilon must be 0 or more");
        }
        if (command_->has("max_hops")) {
            auto limits = command_->integers("max_hops");
            if (limits.size() == 1) limits.assign(layers, limits[0]);
            if (limits.size() != layers)
                return wrong("max_hops has " + text(static_cast<int64_t>(limits.size())) +
                             " values, the model has " + text(config_.model.n_layers) +
                             " layers; give one number or one a layer");
            if (std::any_of(limits.begin(), limits.end(), [](int64_t h) { return h < 1; }))
                return wrong("max_hops must be 1 or more in each layer");
            out.max_hops = limits;
        }
        if (command_->has("tokens")) {
            const auto t = command_->integers("tokens");
            out.halt_tokens = {t[0], t[1]};
        }
        return {};
    }

    Status add_move() {
        auto layers = read_layers();
        if (!layers) return layers.error();
        auto experts = read_experts();
        if (!experts) return experts.error();
        if (!config_.moe.has_positions())
            return wrong("a " + config_.moe.router + " router has no centroids");
        if (command_->has("hops") || command_->has("tokens"))
            return wrong("moves a centroid for all hops and tokens; leave the scope out");
        const auto found = command_->args.find("to");
        const auto* to = std::get_if<std::vector<double>>(&found->second);
        if (!to || static_cast<int64_t>(to->size()) != routing_width(config_))
            return wrong("\"to\" has " + text(to ? static_cast<int64_t>(to->size()) : 0) +
                         " numbers, the routing space has " + text(routing_width(config_)));
        if (std::all_of(to->begin(), to->end(), [](double x) { return x == 0; }))
            return wrong("\"to\" must not be the zero vector: only its direction counts");
        for (const int64_t l : *layers)
            for (const int64_t e : *experts) plan_.moves.push_back({l, e, *to});
        return {};
    }

    Status add_experts(ActionKind kind, const Scope& scope) {
        auto layers = read_layers();
        if (!layers) return layers.error();
        const bool top = command_->text("expert", "") == "top";
        auto experts = read_experts();
        if (!experts) return experts.error();
        if (experts->empty() && !top) return wrong("\"expert\" names none");
        const bool scored =
            kind == ActionKind::steer || kind == ActionKind::suppress || kind == ActionKind::boost;
        if (scored && config_.moe.router == "hash")
            return wrong("a hash router has no scores to change");
        if (kind == ActionKind::force && config_.moe.router == "kmeans" &&
            config_.moe.kmeans_gating == "identity")
            return wrong("identity gating has no probability to give a forced expert");
        for (const int64_t l : *layers) {
            LayerAction action;
            action.kind = kind;
            action.layer = l;
            action.scope = scope;
            action.experts = *experts;
            action.value = kind == ActionKind::steer ? command_->number("lambda", 0)
                                                     : command_->number("strength", 0);
            action.seed = mix_seed(seed_, static_cast<uint64_t>(l));
            if (kind == ActionKind::surgery)
                if (auto s = read_with(action); !s) return s;
            if (kind == ActionKind::suppress)
                if (auto s = add_neighbours(action); !s) return s;
            plan_.actions.push_back(std::move(action));
        }
        return {};
    }

    Status read_with(LayerAction& action) const {
        action.with = command_->text("with", "");
        if (!action.with.empty()) return {};
        const int64_t other = command_->integer("with", -1);
        if (other < 0 || other >= config_.moe.experts)
            return wrong("expert " + text(other) + " does not exist; allowed 0 … " +
                         text(config_.moe.experts - 1));
        action.with = text(other);
        return {};
    }

    Status add_neighbours(LayerAction& action) const {
        const int64_t n = command_->integer("neighbours", 1);
        std::set<int64_t> all;
        for (const int64_t e : action.experts)
            for (const int64_t near :
                 neighbours_of(config_, weights_.layers[static_cast<size_t>(action.layer)],
                               action.layer, e, n))
                all.insert(near);
        action.experts.assign(all.begin(), all.end());
        return {};
    }

    /// Experts of one kind of action that act at a hop, within its pool; token scopes count as
    /// overlapping.
    int64_t acting(ActionKind kind, int64_t layer, int64_t hop, int64_t offset,
                   int64_t size) const {
        std::set<int64_t> all;
        for (const auto& a : plan_.actions)
            if (a.kind == kind && a.layer == layer && a.scope.at_hop(hop))
                for (const int64_t e : a.experts)
                    if (e >= offset && e < offset + size) all.insert(e);
        return static_cast<int64_t>(all.size());
    }

    /// A hop must keep top_k experts to choose from, and can be forced to at most top_k.
    Status check_counts() const {
        const int64_t k = config_.moe.top_k;
        for (int64_t l = 0; l < config_.model.n_layers; ++l) {
            const auto pools = pools_of(config_, l);
            for (int64_t hop = 0; hop < config_.moe.hops_of(l); ++hop) {
                const auto [offset, size] = pools[pools.size() == 1 ? 0 : static_cast<size_t>(hop)];
                const int64_t gone = acting(ActionKind::suppress, l, hop, offset, size);
                const int64_t forced = acting(ActionKind::force, l, hop, offset, size);
                const std::string where =
                    " at layer " + text(l) + ", hop " + text(hop) + ", where top_k = " + text(k);
                if (size - gone < k)
                    return usage_error("command \"suppress\": found " + text(gone) + " of " +
                                       text(size) + " experts" + where + "; allowed at most " +
                                       text(size - k));
                if (forced > k)
                    return usage_error("command \"force\": found " + text(forced) + " experts" +
                                       where + "; allowed at most " + text(k));
            }
        }
        return {};
    }

    const Config& config_;
    const Weights& weights_;
    uint64_t seed_;
    const Command* command_ = nullptr;
    Plan plan_;
};

}  // namespace

bool Scope::at_hop(int64_t hop) const {
    return hops.empty() || std::find(hops.begin(), hops.end(), hop) != hops.end();
}

Result<Plan> make_plan(const Config& config, const Weights& weights,
                       const std::vector<Command>& commands, uint64_t seed) {
    PlanBuilder builder(config, weights, seed);
    for (const auto& command : commands)
        if (auto s = builder.add(command); !s) return s.error();
    return builder.finish();
}

at::Tensor router_rows(const LayerWeights& w) {
    using kernels::reference::l2norm;
    if (w.linear.defined()) return l2norm(w.linear.detach());
    if (!w.centroids.defined()) return {};
    auto c = l2norm(w.centroids.detach());
    return c.dim() == 3 ? l2norm(c.sum(1)) : c;  // two sub-centroids count as their mean direction
}

std::vector<int64_t> neighbours_of(const Config& config, const LayerWeights& weights, int64_t layer,
                                   int64_t expert, int64_t n) {
    const auto rows = router_rows(weights);
    const auto [offset, size] = pool_of(config, layer, expert);
    n = std::min(n, size);
    if (n <= 1 || !rows.defined()) return {expert};
    auto near = at::matmul(rows.narrow(0, offset, size), rows.select(0, expert));
    near.select(0, expert - offset).fill_(2.0);  // itself first, whatever rounding says
    const auto order = kernels::reference::top_k(near.unsqueeze(0), n).squeeze(0).contiguous();
    std::vector<int64_t> out;
    for (int64_t i = 0; i < n; ++i) out.push_back(offset + order.const_data_ptr<int64_t>()[i]);
    return out;
}

Status check_tokens(const Plan& plan, int64_t length) {
    std::vector<std::optional<std::pair<int64_t, int64_t>>> ranges = {plan.controls.halt_tokens};
    for (const auto& a : plan.actions) ranges.push_back(a.scope.tokens);
    for (const auto& range : ranges)
        if (range && range->first >= length)
            return usage_error("\"tokens\": found [" + text(range->first) + ", " +
                               text(range->second) + "], the prompt has the tokens 0 … " +
                               text(length - 1));
    return {};
}

std::string no_control(const Plan& plan, const Config& config) {
    std::set<std::pair<int64_t, int64_t>> zeroed;
    int64_t all = 0;
    for (int64_t l = 0; l < config.model.n_layers; ++l) all += config.moe.hops_of(l);
    for (const auto& a : plan.actions) {
        if (a.kind == ActionKind::knock_out && a.experts.empty() && config.moe.top_k == 1)
            return "top_k = 1: beside the first-ranked expert there is none to knock out instead";
        if (a.kind != ActionKind::zero) continue;
        for (int64_t h = 0; h < config.moe.hops_of(a.layer); ++h)
            if (a.scope.at_hop(h)) zeroed.insert({a.layer, h});
    }
    const auto n = static_cast<int64_t>(zeroed.size());
    if (n > all - n)
        return "zeroed are " + text(n) + " of " + text(all) +
               " (layer, hop) pairs: as many others do not exist";
    return "";
}

void put_centroid(const MovedCentroid& move, at::Tensor& centroids) {
    auto row = centroids.select(0, move.expert);
    for (size_t i = 0; i < move.to.size(); ++i)
        row.select(-1, static_cast<int64_t>(i)).fill_(move.to[i]);
}

Weights edited_weights(const Weights& weights, const Plan& plan) {
    Weights out = weights;
    for (const auto& move : plan.moves) {
        auto& w = out.layers[static_cast<size_t>(move.layer)];
        const auto& before = weights.layers[static_cast<size_t>(move.layer)].centroids;
        if (w.centroids.is_same(before)) w.centroids = before.detach().clone();
        put_centroid(move, w.centroids);
    }
    return out;
}

}  // namespace hopscope::core
