#include "core/measure/logit_lens.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <numeric>

#include "core/measure/each_batch.h"
#include "core/text/random.h"

namespace hopscope::core {
namespace {

double mean_of(const at::Tensor& t) {
    return t.to(at::kDouble).mean().item().toDouble();
}

class LensProbe : public Probe {
  public:
    LensProbe(const Config& config, const Weights& weights, LogitLens& out)
        : config_(config), weights_(weights), out_(out) {}

    /// The rows of the coming batch and their next tokens, both [n].
    void look_at(const at::Tensor& rows, const at::Tensor& targets) {
        rows_ = rows;
        targets_ = targets.index_select(0, rows);
    }

    void stream(int64_t layer, const at::Tensor& stream, const at::Tensor& normed) override {
        base_ = stream.index_select(0, rows_);
        if (config_.model.ffn != "dense" && config_.moe.returns == "state")
            base_ = base_ + normed.index_select(0, rows_);
        h_accum_ = at::Tensor();
        record(layer, 0, base_);
    }

    void after_hop(int64_t layer, int64_t hop, const HopRecord& r) override {
        add_term(h_accum_, r.update.index_select(0, rows_));
        auto update = h_accum_;
        const auto& own = weights_.layers[static_cast<size_t>(layer)].moe_scale;
        for (const auto* scale : {&own, &weights_.moe_scale})
            if (scale->defined()) update = update * *scale;
        record(layer, hop + 1, base_ + update);
    }

    void update(int64_t layer, const at::Tensor& out) override {
        if (config_.model.ffn == "dense") record(layer, 1, base_ + out.index_select(0, rows_));
    }

  private:
    void record(int64_t layer, int64_t stage, const at::Tensor& state) {
        const auto hidden = final_norm(weights_, state).to(weights_.embed.scalar_type());
        const auto logits = at::linear(hidden, weights_.embed).to(at::kFloat);
        const auto column = targets_.unsqueeze(-1);
        const auto log_p = at::_log_softmax(logits, -1, false).gather(1, column).to(at::kDouble);
        auto& stages = out_.layers[static_cast<size_t>(layer)];
        stages.resize(std::max(stages.size(), static_cast<size_t>(stage) + 1));
        auto& to = stages[static_cast<size_t>(stage)];
        to.p.batches.push_back(mean_of(log_p.exp()));
        to.nll.batches.push_back(-mean_of(log_p));
        to.rank.batches.push_back(1 + mean_of((logits > logits.gather(1, column)).sum(-1)));
    }

    const Config& config_;
    const Weights& weights_;
    LogitLens& out_;
    at::Tensor rows_, targets_, base_, h_accum_;
};

}  // namespace

Result<LogitLens> logit_lens(const Config& config, const Weights& weights,
                             const BatchSource& source, int64_t batches, int64_t a_batch,
                             uint64_t seed, const Progress& progress) {
    const c10::AutoGradMode no_grad(false);
    LogitLens out;
    out.batches = std::min(batches, source.eval_batches());
    out.layers.resize(static_cast<size_t>(config.model.n_layers));
    LensProbe probe(config, weights, out);
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
        forward(config, weights, batch.ids, options);
        out.tokens += static_cast<int64_t>(rows.size());
    };
    const auto done = each_batch(source, out.batches, weights.embed.device(), "logit lens, batch",
                                 progress, measure);
    if (!done) return done.error();
    return out;
}

}  // namespace hopscope::core
