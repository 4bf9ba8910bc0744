#include "core/probe/intervention_kind.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <set>

#include "core/api/arguments.h"
#include "core/api/needs.h"

namespace hopscope::core {
namespace {

std::string absent(const char* what, int64_t found, int64_t count) {
    return std::string(what) + " " + std::to_string(found) + " does not exist; allowed 0 … " +
           std::to_string(count - 1);
}

}  // namespace

Error PlanReader::wrong(const std::string& what) const {
    return usage_error("command \"" + command.name() + "\": " + what);
}

Status PlanReader::read_scope() {
    const auto& hops = model.config.moe.hops;
    const int64_t most = *std::max_element(hops.begin(), hops.end());
    scope.hops = command.integers("hops");
    for (const int64_t h : scope.hops)
        if (h < 0 || h >= most) return wrong(absent("hop", h, most));
    if (command.has("tokens")) {
        const auto t = command.integers("tokens");
        if (t.size() != 2 || t[0] < 0 || t[1] < t[0])
            return wrong("tokens must be [from, to], from 0, inclusive");
        scope.tokens = {t[0], t[1]};
    }
    return {};
}

Result<std::vector<int64_t>> PlanReader::layers() const {
    auto layers = layers_of(command);
    if (layers.empty())
        for (int64_t l = 0; l < model.config.model.n_layers; ++l) layers.push_back(l);
    for (const int64_t l : layers)
        if (l < 0 || l >= model.config.model.n_layers)
            return wrong(absent("layer", l, model.config.model.n_layers));
    return layers;
}

Result<std::vector<int64_t>> PlanReader::experts() const {
    auto experts = command.integers("expert");
    for (const int64_t e : experts)
        if (e < 0 || e >= model.config.moe.experts)
            return wrong(absent("expert", e, model.config.moe.experts));
    std::sort(experts.begin(), experts.end());
    experts.erase(std::unique(experts.begin(), experts.end()), experts.end());
    return experts;
}

LayerAction PlanReader::action(int64_t layer) const {
    LayerAction out;
    out.kind = command.kind;
    out.layer = layer;
    out.scope = scope;
    return out;
}

Status PlanReader::add_to_layers(const std::function<void(LayerAction&)>& fill) {
    auto named = layers();
    if (!named) return named.error();
    for (const int64_t l : *named) {
        LayerAction added = action(l);
        if (fill) fill(added);
        plan.actions.push_back(std::move(added));
    }
    return {};
}

Status PlanReader::add_to_experts(const std::string& refusal,
                                  const std::function<Status(LayerAction&)>& fill) {
    auto named = layers();
    if (!named) return named.error();
    auto those = experts();
    if (!those) return those.error();
    // A word in their place ("top") says by itself which are meant.
    if (those->empty() && command.text("expert", "").empty()) return wrong("\"expert\" names none");
    if (!refusal.empty()) return wrong(refusal);
    for (const int64_t l : *named) {
        LayerAction added = action(l);
        added.experts = *those;
        added.seed = mix_seed(seed, static_cast<uint64_t>(l));
        if (fill)
            if (auto s = fill(added); !s) return s;
        plan.actions.push_back(std::move(added));
    }
    return {};
}

std::string HopPool::text() const {
    return "layer " + std::to_string(layer) + ", hop " + std::to_string(hop) +
           ", where top_k = " + std::to_string(top_k);
}

int64_t acting(const Plan& plan, CommandKind kind, const HopPool& at) {
    std::set<int64_t> all;
    for (const auto& a : plan.actions)
        if (a.kind == kind && a.layer == at.layer && a.scope.at_hop(at.hop))
            for (const int64_t e : a.experts)
                if (e >= at.offset && e < at.offset + at.size) all.insert(e);
    return static_cast<int64_t>(all.size());
}

at::Tensor HopPass::mask(const Scope& scope, const at::Tensor& rows, int64_t active) const {
    if (!scope.tokens) return {};
    const auto device = model.weights.embed.device();
    const auto token = positions.of(
        rows.defined() ? rows
                       : at::arange(active, at::TensorOptions().dtype(at::kLong).device(device)));
    return (token >= scope.tokens->first).logical_and(token <= scope.tokens->second);
}

std::vector<int64_t> in_pool(const LayerAction& action, int64_t offset, int64_t size) {
    std::vector<int64_t> out;
    for (const int64_t e : action.experts)
        if (e >= offset && e < offset + size) out.push_back(e - offset);
    return out;
}

at::Tensor index_of(const std::vector<int64_t>& list, const at::Tensor& like) {
    return at::tensor(at::ArrayRef<int64_t>(list)).to(like.device());
}

at::Tensor blend(const at::Tensor& mask, const at::Tensor& changed, const at::Tensor& base) {
    return mask.defined() ? at::where(mask.unsqueeze(-1), changed, base) : changed;
}

std::string no_scores(const Config& config) {
    const auto why = missing(Need::scores, config);
    return why ? *why + " to change" : "";
}

void add_to_scores(const LayerAction& action, const HopPass& at, double amount, RouteInput& input) {
    const auto experts = in_pool(action, input.pool_offset, input.pool_size);
    if (experts.empty()) return;
    const auto rows = router_rows(at.layer_weights());
    const auto where = at.mask(action.scope, input.rows, input.active);
    auto bias = at::zeros({input.pool_size}, rows.options());
    bias.index_fill_(0, index_of(experts, rows), amount);
    if (where.defined()) bias = at::where(where.unsqueeze(-1), bias, at::zeros_like(bias));
    input.score_bias = input.score_bias ? *input.score_bias + bias : bias;
}

}  // namespace hopscope::core
