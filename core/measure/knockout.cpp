#include "core/measure/knockout.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/linear.h>
#include <algorithm>
#include <c10/core/GradMode.h>

#include "core/probe/intervention_probe.h"
#include "core/train/batch_tensors.h"

namespace hopscope::core {
namespace {

/// Rows whose distributions are held in fp64 at a time: 32,000 words a row are 64 MB a tensor.
constexpr int64_t kRows = 256;

/// One knock-out and where its effect goes.
struct Trial {
    LayerAction action;
    KnockoutEffect* effect;
};

LayerAction zeroed_hop(int64_t layer, int64_t hop) {
    LayerAction action;
    action.layer = layer;
    action.scope.hops = {hop};
    return action;
}

/// @param hop −1: all
LayerAction without_expert(int64_t layer, int64_t rank, int64_t hop) {
    LayerAction action;
    action.kind = ActionKind::knock_out;
    action.layer = layer;
    action.rank = rank;
    if (hop >= 0) action.scope.hops = {hop};
    return action;
}

/// [rows] KL(base ‖ changed) of the distributions of logits [rows, V]. In fp64: the sum cancels to
/// a part in a million of its terms, which fp32 would lose. What fp64 rounds below 0 is 0.
at::Tensor divergence(const at::Tensor& base, const at::Tensor& changed) {
    const auto p = at::_log_softmax(base.to(at::kDouble), -1, false);
    const auto q = at::_log_softmax(changed.to(at::kDouble), -1, false);
    return (at::exp(p) * (p - q)).sum(-1).clamp_min(0);
}

/// Runs every trial on the batches; base and changed take the same form of the forward pass, so
/// that a change without effect is one of exactly 0.
class Knockouts {
  public:
    Knockouts(const Config& config, const Weights& weights, const BatchSource& source)
        : config_(config), weights_(weights), source_(source) {}

    Status run(const std::vector<Trial>& trials, int64_t batches, const char* what,
               const Progress& progress) const {
        const c10::AutoGradMode no_grad(false);
        const int64_t n = std::min(batches, source_.eval_batches());
        const auto total = static_cast<double>(n) * static_cast<double>(trials.size());
        double done = 0;
        for (int64_t i = 0; i < n; ++i) {
            const auto ids = eval_tensors(source_, i, weights_.embed.device()).ids;
            const auto base = logits(hidden(ids, nullptr));
            for (const Trial& trial : trials) {
                if (progress.cancelled())
                    return Error{ErrorKind::interrupted, "stopped on request"};
                progress.report(std::string("knocking out ") + what + ", batch " +
                                    std::to_string(i + 1) + " of " + std::to_string(n),
                                done++ / total);
                Plan plan;
                plan.actions.push_back(trial.action);
                InterventionProbe probe(config_, weights_, plan, source_.seq_len());
                add(*trial.effect, base, hidden(ids, &probe));
            }
        }
        return {};
    }

  private:
    at::Tensor hidden(const at::Tensor& ids, Probe* probe) const {
        ForwardOptions options;
        options.probe = probe;
        options.controls.keep_scores = true;
        return forward(config_, weights_, ids, options).hidden;
    }
    at::Tensor logits(const at::Tensor& hidden) const {
        const auto rows = hidden.reshape({-1, hidden.size(-1)});
        return at::linear(rows, weights_.embed);
    }

    void add(KnockoutEffect& effect, const at::Tensor& base, const at::Tensor& changed) const {
        const auto other = logits(changed);
        double sum = 0;
        for (int64_t begin = 0; begin < base.size(0); begin += kRows) {
            const int64_t end = std::min(base.size(0), begin + kRows);
            const auto kl = divergence(base.slice(0, begin, end), other.slice(0, begin, end));
            sum += kl.sum().item().toDouble();
            effect.largest = std::max(effect.largest, kl.max().item().toDouble());
        }
        effect.kl.batches.push_back(sum / static_cast<double>(base.size(0)));
    }

    const Config& config_;
    const Weights& weights_;
    const BatchSource& source_;
};

}  // namespace

Result<std::vector<std::vector<KnockoutEffect>>> hop_knockout(const Config& config,
                                                              const Weights& weights,
                                                              const BatchSource& source,
                                                              int64_t batches,
                                                              const Progress& progress) {
    if (config.model.ffn == "dense") return usage_error("a dense model has no hops");
    std::vector<std::vector<KnockoutEffect>> out;
    for (int64_t l = 0; l < config.model.n_layers; ++l)
        out.emplace_back(static_cast<size_t>(config.moe.hops_of(l)));
    std::vector<Trial> trials;
    for (size_t l = 0; l < out.size(); ++l)
        for (size_t h = 0; h < out[l].size(); ++h)
            trials.push_back(
                {zeroed_hop(static_cast<int64_t>(l), static_cast<int64_t>(h)), &out[l][h]});
    const Knockouts knockouts(config, weights, source);
    if (auto s = knockouts.run(trials, batches, "hops", progress); !s) return s.error();
    return out;
}

Result<std::vector<ExpertKnockout>> expert_knockout(const Config& config, const Weights& weights,
                                                    const BatchSource& source, int64_t batches,
                                                    const Progress& progress) {
    if (config.model.ffn == "dense") return usage_error("a dense model has no experts");
    std::vector<ExpertKnockout> out(static_cast<size_t>(config.model.n_layers));
    std::vector<Trial> trials;
    for (size_t i = 0; i < out.size(); ++i) {
        const auto layer = static_cast<int64_t>(i);
        out[i].hops.resize(static_cast<size_t>(config.moe.hops_of(layer)));
        trials.push_back({without_expert(layer, 0, -1), &out[i].all});
        // With one chosen expert there is no second one to set beside it.
        if (config.moe.top_k > 1) trials.push_back({without_expert(layer, 1, -1), &out[i].second});
        for (size_t h = 0; h < out[i].hops.size() && out[i].hops.size() > 1; ++h)
            trials.push_back({without_expert(layer, 0, static_cast<int64_t>(h)), &out[i].hops[h]});
    }
    const Knockouts knockouts(config, weights, source);
    if (auto s = knockouts.run(trials, batches, "experts", progress); !s) return s.error();
    for (ExpertKnockout& layer : out)
        if (layer.hops.size() == 1) layer.hops.front() = layer.all;
    return out;
}

}  // namespace hopscope::core
