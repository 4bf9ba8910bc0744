// Analysis `hop_knockout`: two maps of what the model loses, where a hop writes nothing and where a
// token's first-ranked expert does [def:hop_knockout].
#include "core/analyses/hop_knockout.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/linear.h>
#include <algorithm>
#include <c10/core/GradMode.h>

#include "core/analyses/batch_means.h"
#include "core/analyses/measured.h"
#include "core/api/needs.h"
#include "core/model/forward.h"
#include "core/probe/intervention_probe.h"
#include "core/probe/interventions/knock_out.h"
#include "core/train/batch_tensors.h"

namespace hopscope::core::analysis {
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
    Knockouts(const Model& model, const BatchSource& source) : model_(model), source_(source) {}

    Status run(const std::vector<Trial>& trials, int64_t batches, const char* what,
               const Progress& progress) const {
        const c10::AutoGradMode no_grad(false);
        const int64_t n = std::min(batches, source_.eval_batches());
        const auto total = static_cast<double>(n) * static_cast<double>(trials.size());
        double done = 0;
        for (int64_t i = 0; i < n; ++i) {
            const auto ids = eval_tensors(source_, i, model_.weights.embed.device()).ids;
            const auto base = logits(hidden(ids, nullptr));
            for (const Trial& trial : trials) {
                if (progress.cancelled()) return stopped_on_request();
                progress.report(std::string("knocking out ") + what + ", batch " +
                                    std::to_string(i + 1) + " of " + std::to_string(n),
                                done++ / total);
                Plan plan;
                plan.actions.push_back(trial.action);
                InterventionProbe probe(model_, plan, {source_.seq_len()});
                add(*trial.effect, base, hidden(ids, &probe));
            }
        }
        return {};
    }

  private:
    at::Tensor hidden(const at::Tensor& ids, Probe* probe) const {
        ForwardOptions options;
        options.probe = probe;
        options.changes.keep_scores = true;
        return forward(model_, ids, options).hidden;
    }
    at::Tensor logits(const at::Tensor& hidden) const {
        const auto rows = hidden.reshape({-1, hidden.size(-1)});
        return at::linear(rows, model_.weights.embed);
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

    const Model& model_;
    const BatchSource& source_;
};

}  // namespace

Result<std::vector<std::vector<KnockoutEffect>>> hop_knockout(const Model& model,
                                                              const BatchSource& source,
                                                              int64_t batches,
                                                              const Progress& progress) {
    if (const auto why = missing(Need::hops, model.config)) return usage_error(*why);
    std::vector<std::vector<KnockoutEffect>> out;
    for (int64_t l = 0; l < model.config.model.n_layers; ++l)
        out.emplace_back(static_cast<size_t>(model.config.moe.hops_of(l)));
    std::vector<Trial> trials;
    for (size_t l = 0; l < out.size(); ++l)
        for (size_t h = 0; h < out[l].size(); ++h)
            trials.push_back(
                {zeroed_hop(static_cast<int64_t>(l), static_cast<int64_t>(h)), &out[l][h]});
    const Knockouts knockouts(model, source);
    if (auto s = knockouts.run(trials, batches, "hops", progress); !s) return s.error();
    return out;
}

Result<std::vector<ExpertKnockout>> expert_knockout(const Model& model, const BatchSource& source,
                                                    int64_t batches, const Progress& progress) {
    if (const auto why = missing(Need::experts, model.config)) return usage_error(*why);
    std::vector<ExpertKnockout> out(static_cast<size_t>(model.config.model.n_layers));
    std::vector<Trial> trials;
    for (size_t i = 0; i < out.size(); ++i) {
        const auto layer = static_cast<int64_t>(i);
        out[i].hops.resize(static_cast<size_t>(model.config.moe.hops_of(layer)));
        trials.push_back({knock_out_rank(layer, 0), &out[i].all});
        // With one chosen expert there is no second one to set beside it.
        if (model.config.moe.top_k > 1)
            trials.push_back({knock_out_rank(layer, 1), &out[i].second});
        for (size_t h = 0; h < out[i].hops.size() && out[i].hops.size() > 1; ++h)
            trials.push_back(
                {knock_out_rank(layer, 0, {static_cast<int64_t>(h)}), &out[i].hops[h]});
    }
    const Knockouts knockouts(model, source);
    if (auto s = knockouts.run(trials, batches, "experts", progress); !s) return s.error();
    for (ExpertKnockout& layer : out)
        if (layer.hops.size() == 1) layer.hops.front() = layer.all;
    return out;
}

namespace {

/// One pass for each trial and batch: fewer batches than the other analyses look at.
constexpr int64_t kKnockoutBatches = 5;

/// A hop counts where its removal costs a tenth or more of the dearest one; trailing hops below
/// that are dropped (the paper chose its vector from such a map, its rule is not printed).
constexpr double kDearShare = 0.1;

/// Effects in their order, as lists of the document and rows of its table.
struct EffectList {
    Estimates kl;
    OrderedJson largest = OrderedJson::array();

    void add(const KnockoutEffect& effect, Fields row, uint64_t seed, Table& table) {
        const Estimate found = over_batches(effect.kl, seed);
        kl.add(found);
        largest.push_back(json_number(effect.largest));
        row.estimate("kl", found).cell("largest", effect.largest).place("batches", found.n);
        table.add(row);
    }
    void add(const EffectList& part) {
        kl.add(part.kl);
        largest.push_back(part.largest);
    }
    void put(Fields& to, const std::string& name, const std::string& largest_name) const {
        to.estimates(name, kl).json(largest_name, largest);
    }
};

/// Where the row of an effect lies. @param hop −1: all @param rank 0: not of one expert
Fields row_of(size_t layer, int64_t hop, int64_t rank) {
    Fields row;
    row.place("layer", static_cast<int64_t>(layer))
        .cell("hop", hop < 0 ? std::string() : std::to_string(hop));
    if (rank > 0) row.place("rank", rank);
    return row;
}

/// First-ranked − second-ranked, batch by batch: what sets the top expert apart from a chosen one.
Estimate beyond_second(const ExpertKnockout& layer, uint64_t seed) {
    auto difference = layer.all.kl;
    for (size_t i = 0; i < difference.batches.size(); ++i)
        difference.batches[i] -= layer.second.kl.batches[i];
    return over_batches(difference, seed);
}

Fields experts_fields(const std::vector<ExpertKnockout>& map, uint64_t seed, Table& table) {
    EffectList all, by_hop, second;
    Estimates difference;
    for (size_t l = 0; l < map.size(); ++l) {
        const ExpertKnockout& layer = map[l];
        all.add(layer.all, row_of(l, -1, 1), seed, table);
        EffectList hops;
        for (size_t h = 0; h < layer.hops.size(); ++h)
            hops.add(layer.hops[h], row_of(l, static_cast<int64_t>(h), 1), seed, table);
        by_hop.add(hops);
        if (layer.second.kl.batches.empty()) continue;
        second.add(layer.second, row_of(l, -1, 2), seed, table);
        difference.add(beyond_second(layer, seed));
    }
    Fields out, control;
    if (difference.empty())
        control.text("reason", "one expert is chosen: there is no second-ranked one");
    else
        second.put(control, "per_layer", "largest");
    if (!difference.empty()) control.estimates("difference", difference);
    all.put(out, "per_layer", "largest");
    by_hop.put(out, "per_hop", "per_hop_largest");
    out.object("control", control);
    return out;
}

/// The map over layers and hops, and how many hops of each layer are worth keeping.
Fields hops_fields(const std::vector<std::vector<KnockoutEffect>>& map, uint64_t seed,
                   Table& table) {
    double dearest = 0;
    for (const auto& layer : map)
        for (const auto& hop : layer) dearest = std::max(dearest, hop.kl.mean());
    EffectList layers;
    OrderedJson proposed = OrderedJson::array();
    for (size_t l = 0; l < map.size(); ++l) {
        EffectList hops;
        size_t keep = 1;
        for (size_t h = 0; h < map[l].size(); ++h) {
            hops.add(map[l][h], row_of(l, static_cast<int64_t>(h), 0), seed, table);
            if (map[l][h].kl.mean() >= kDearShare * dearest) keep = h + 1;
        }
        layers.add(hops);
        proposed.push_back(keep);
    }
    Fields out;
    layers.put(out, "per_layer", "largest");
    out.json("proposed_hops", proposed);
    return out;
}

Result<AnalysisOutput> hop_knockout(const AnalysisContext& context) {
    auto source = context.measured->source(context.progress, kKnockoutBatches);
    if (!source) return source.error();
    const auto& run = context.measured->run();
    auto hops = analysis::hop_knockout(run.model, **source, kKnockoutBatches, context.progress);
    if (!hops) return hops.error();
    auto experts = expert_knockout(run.model, **source, kKnockoutBatches, context.progress);
    if (!experts) return experts.error();
    AnalysisOutput out;
    out.n = std::min(kKnockoutBatches, (*source)->eval_batches());
    out.result = hops_fields(*hops, context.seed, out.table());
    out.result.object("experts", experts_fields(*experts, context.seed, out.table("experts")));
    return out;
}

}  // namespace

extern const Analysis kHopKnockout{
    "hop_knockout",
    {Need::model, Need::hops},
    "KL(base || changed) in nats of the next-token distribution where one (layer, hop) writes "
    "nothing, mean over positions; proposed_hops keeps each layer's hops up to the last whose KL "
    "is a tenth of the largest. experts: the same where each token's first-ranked expert of one "
    "layer writes nothing, the other weights as they are, in all hops and hop by hop; control: its "
    "second-ranked expert instead, difference = first - second, batch by batch. largest: of any "
    "position. 95 % bootstrap intervals over batches. KL in fp64. n: batches.",
    hop_knockout};

}  // namespace hopscope::core::analysis
