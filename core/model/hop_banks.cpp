#include "core/model/hop_banks.h"

#include <c10/core/GradMode.h>

#include "core/model/expert_bank.h"
#include "core/model/forward.h"
#include "core/model/pools.h"
#include "core/model/routers/centroids.h"

namespace hopscope::core {
namespace {

/// More tokens go hop by hop: the products of many rows are faster there
/// (bench/results/2026-11-30-decode-cpu.md).
constexpr int64_t kFewTokens = 16;
/// Projecting one expert's row for a table costs as much time as projecting one state does, over
/// this.
constexpr int64_t kTableGain = 4;

bool takes(const Model& model, const LayerWeights& w) {
    const auto& moe = model.config.moe;
    if (model.config.model.is_dense() || !is_plain_cosine(moe) || moe.reads_kinematic() ||
        moe.composition != Composition::sum || w.shared_up.defined())
        return false;
    const auto& written = moe.expert == ExpertKind::fixed ? w.value : w.up;
    return written.is_cpu() && written.scalar_type() == w.centroids.scalar_type() &&
           (written.scalar_type() == at::kFloat || written.scalar_type() == at::kDouble);
}

/// Whether routing the later hops by a table is worth making it.
bool repays(const MoeConfig& moe, const LayerWeights& w, int64_t hops, int64_t tokens) {
    if (hops < 2 || moe.reroute == Reroute::frozen || !w.proj.defined() || w.proj.dim() != 2)
        return false;
    const auto& written = moe.expert == ExpertKind::fixed ? w.value : w.up;
    const int64_t rows = written.numel() / written.size(-1);
    return w.proj.size(0) <= written.size(-1) && tokens * (hops - 1) * kTableGain >= rows;
}

/// Whether a pass asks the hops for nothing but what they add.
bool asks_for_update_alone(const ForwardOptions& o) {
    const auto& c = o.changes;
    return !o.train && !o.statistics && !o.probe && !c.keep_scores && !c.zero_experts &&
           c.depths.empty() && o.form == kernels::Form::fused && !c10::GradMode::is_enabled();
}

/// Halting token by token, as plain numbers.
void add_halting(const PassChanges& c, int64_t layer, int64_t tokens, const Positions& positions,
                 kernels::HopRules& rules) {
    const auto l = static_cast<size_t>(layer);
    const auto hops = static_cast<int64_t>(rules.pools.size());
    for (int64_t t = 0; t < tokens; ++t) {
        const int64_t at = positions.of(t);
        const bool acts =
            !c.halt_tokens || (at >= c.halt_tokens->first && at <= c.halt_tokens->second);
        rules.epsilon.push_back(acts ? c.halt_epsilon : -1);
        rules.most.push_back(acts && l < c.max_hops.size() ? c.max_hops[l] : hops);
    }
}

}  // namespace

HopBanks::HopBanks(const Model& model, int64_t tokens) {
    const auto& moe = model.config.moe;
    for (size_t l = 0; l < model.weights.layers.size(); ++l) {
        const auto& w = model.weights.layers[l];
        auto& bank = layers_.emplace_back();
        if (!takes(model, w)) continue;
        const int64_t hops = moe.hops_of(static_cast<int64_t>(l));
        bank = kernels::hop_bank(w.proj, w.centroids, bank_of(w, moe, {0, moe.experts}),
                                 repays(moe, w, hops, tokens));
    }
}

const kernels::HopBank* HopBanks::of(int64_t layer) const {
    const auto& bank = layers_.at(static_cast<size_t>(layer));
    return bank ? &*bank : nullptr;
}

int64_t HopBanks::bytes() const {
    int64_t out = 0;
    for (const auto& bank : layers_)
        if (bank)
            for (const auto* t : {&bank->unit, &bank->seen})
                if (t->defined()) out += static_cast<int64_t>(t->nbytes());
    return out;
}

std::optional<at::Tensor> hops_at_once(const Model& model, int64_t layer, const at::Tensor& x,
                                       const Positions& positions, const ForwardOptions& options) {
    const auto* bank = options.hops ? options.hops->of(layer) : nullptr;
    if (!bank || x.size(0) > kFewTokens || !asks_for_update_alone(options)) return std::nullopt;
    const auto& moe = model.config.moe;
    const auto& c = options.changes;
    const auto& tau = model.weights.layers[static_cast<size_t>(layer)].tau;
    kernels::HopRules rules;
    rules.k = c.top_k > 0 ? c.top_k : moe.top_k;
    rules.tau = c.tau > 0 ? c.tau : tau.defined() ? tau.item().toDouble() : moe.tau;
    rules.renormalise = moe.renormalises(rules.k);
    rules.frozen = c.freeze_routing || moe.reroute == Reroute::frozen;
    const auto pools = pools_of(model.config, layer);
    for (int64_t hop = 0; hop < c.hops_of(moe.hops_of(layer)); ++hop) {
        const Pool& pool = pools[pools.size() == 1 ? 0 : static_cast<size_t>(hop)];
        rules.pools.push_back({pool.offset, pool.size});
    }
    if (c.halts_in(layer)) add_halting(c, layer, x.size(0), positions, rules);
    return kernels::hops(x, *bank, rules).update;
}

}  // namespace hopscope::core
