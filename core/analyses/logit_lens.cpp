// Analysis `logit_lens`: what does each hop add to the probability of the true next token
// [def:logit_lens]?
#include "core/analyses/logit_lens.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <numeric>

#include "core/analyses/batch_means.h"
#include "core/analyses/measured.h"
#include "core/base/random.h"
#include "core/measure/each_batch.h"
#include "core/measure/numbers.h"
#include "core/model/forward.h"

namespace hopscope::core::analysis {
namespace {

class LensProbe : public Probe {
  public:
    LensProbe(const Model& model, LogitLens& out) : model_(model), out_(out) {}

    /// The rows of the coming batch and their next tokens, both [n].
    void look_at(const at::Tensor& rows, const at::Tensor& targets) {
        rows_ = rows;
        targets_ = targets.index_select(0, rows);
    }

    void stream(int64_t layer, const at::Tensor& stream, const at::Tensor& normed) override {
        base_ = stream.index_select(0, rows_);
        if (!model_.config.is_dense() && model_.config.moe.returns == Returns::state)
            base_ = base_ + normed.index_select(0, rows_);
        h_accum_ = at::Tensor();
        record(layer, 0, base_);
    }

    void after_hop(int64_t layer, int64_t hop, const HopRecord& r) override {
        add_term(h_accum_, r.update.index_select(0, rows_));
        auto update = h_accum_;
        const auto& own = model_.weights.layers[static_cast<size_t>(layer)].moe_scale;
        for (const auto* scale : {&own, &model_.weights.moe_scale})
            if (scale->defined()) update = update * *scale;
        record(layer, hop + 1, base_ + update);
    }

    void update(int64_t layer, const at::Tensor& out) override {
        if (model_.config.is_dense()) record(layer, 1, base_ + out.index_select(0, rows_));
    }

  private:
    void record(int64_t layer, int64_t stage, const at::Tensor& state) {
        const auto hidden =
            final_norm(model_.weights, state).to(model_.weights.embed.scalar_type());
        const auto logits = at::linear(hidden, model_.weights.embed).to(at::kFloat);
        const auto column = targets_.unsqueeze(-1);
        const auto log_p = at::_log_softmax(logits, -1, false).gather(1, column).to(at::kDouble);
        auto& stages = out_.layers[static_cast<size_t>(layer)];
        stages.resize(std::max(stages.size(), static_cast<size_t>(stage) + 1));
        auto& to = stages[static_cast<size_t>(stage)];
        to.p.batches.push_back(mean_of(log_p.exp()));
        to.nll.batches.push_back(-mean_of(log_p));
        to.rank.batches.push_back(1 + mean_of((logits > logits.gather(1, column)).sum(-1)));
    }

    const Model& model_;
    LogitLens& out_;
    at::Tensor rows_, targets_, base_, h_accum_;
};

}  // namespace

Result<LogitLens> logit_lens(const Model& model, const BatchSource& source, int64_t batches,
                             int64_t a_batch, uint64_t seed, const Progress& progress) {
    const c10::AutoGradMode no_grad(false);
    LogitLens out;
    out.batches = std::min(batches, source.eval_batches());
    out.layers.resize(static_cast<size_t>(model.config.model.n_layers));
    LensProbe probe(model, out);
    ForwardOptions options;
    options.probe = &probe;
    const auto measure = [&](int64_t i, const BatchTensors& batch) {
        std::vector<int64_t> rows(static_cast<size_t>(batch.targets.size(0)));
        std::iota(rows.begin(), rows.end(), 0);
        Random random(mix64(seed, static_cast<uint64_t>(i)));
        random.shuffle(rows);
        rows.resize(std::min(rows.size(), static_cast<size_t>(a_batch)));
        probe.look_at(at::tensor(at::ArrayRef<int64_t>(rows)).to(batch.targets.device()),
                      batch.targets);
        forward(model, batch.ids, options);
        out.tokens += static_cast<int64_t>(rows.size());
    };
    const auto done = each_batch(source, out.batches, model.weights.embed.device(),
                                 "logit lens, batch", progress, measure);
    if (!done) return done.error();
    return out;
}

namespace {

/// About 2,000 tokens: the head runs on each of them once a stage.
constexpr int64_t kLensBatches = 20, kLensTokens = 100;

/// after − before, and how much that is of what was before.
struct Rise {
    Estimate absolute;
    double relative = 0;
};

Rise rise_of(const BatchMean& before, const BatchMean& after, uint64_t seed) {
    Rise out{difference_over_batches(after.batches, before.batches, seed),
             after.mean() / before.mean() - 1};
    out.absolute.value = after.mean() - before.mean();
    return out;
}

Fields stage_fields(size_t layer, size_t stage, const LensStage& s, bool dense, uint64_t seed) {
    Fields out;
    out.place("layer", static_cast<int64_t>(layer))
        .cell("stage", std::to_string(stage))
        .json("stage", stage == 0 ? "before"
                       : dense    ? "after the layer"
                                  : "after hop " + std::to_string(stage - 1))
        .estimate("p_target", over_batches(s.p, seed))
        .estimate("nll", over_batches(s.nll, seed))
        .estimate("rank", over_batches(s.rank, seed), "mean_rank");
    return out;
}

Fields layer_fields(size_t layer, const std::vector<LensStage>& stages, bool dense, uint64_t seed,
                    Table& table) {
    Fields out;
    Estimates rises;
    OrderedJson relative = OrderedJson::array();
    for (size_t s = 0; s < stages.size(); ++s) {
        const Fields stage = stage_fields(layer, s, stages[s], dense, seed);
        out.add("stages", stage);
        table.add(stage);
        if (s == 0) continue;
        const Rise rise = rise_of(stages[s - 1].p, stages[s].p, seed);
        rises.add(rise.absolute);
        relative.push_back(json_number(rise.relative));
    }
    const Rise rise = rise_of(stages.front().p, stages.back().p, seed),
               rank = rise_of(stages.front().rank, stages.back().rank, seed);
    out.estimates("rise_per_hop", rises)
        .json("relative_rise_per_hop", relative)
        .estimate("rise", rise.absolute)
        .number("relative_rise", rise.relative)
        .estimate("rank_change", rank.absolute)
        .number("relative_rank_change", rank.relative);
    return out;
}

Result<AnalysisOutput> logit_lens(const AnalysisContext& context) {
    const auto& run = context.measured->run();
    auto source = context.measured->source(context.progress, kLensBatches);
    if (!source) return source.error();
    auto lens = analysis::logit_lens(run.model, **source, kLensBatches, kLensTokens, context.seed,
                                     context.progress);
    if (!lens) return lens.error();
    AnalysisOutput out;
    out.n = lens->tokens;
    const bool dense = run.model.config.is_dense();
    for (size_t l = 0; l < lens->layers.size(); ++l)
        out.result.add("layers",
                       layer_fields(l, lens->layers[l], dense, context.seed, out.table()));
    out.result.count("batches", lens->batches);
    return out;
}

}  // namespace

extern const Analysis kLogitLens{
    "logit_lens",
    {Need::model},
    "probability, NLL and rank (1 + tokens with a larger logit) of the true next token when the "
    "final norm and the head read what the stream would be if the layer ended before its first "
    "hop, or after each: the residual stream + h_accum so far (with moe.returns = \"state\" + x); "
    "a dense layer has one stage behind it. Mean over 100 tokens drawn from each of 20 batches, 95 "
    "% bootstrap interval over batches; rise: last stage - first. n: tokens.",
    logit_lens};

}  // namespace hopscope::core::analysis
