#include "core/trainer/geometry_recorder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <chrono>

#include "core/base/clock.h"
#include "core/measure/coupling.h"
#include "core/measure/gradient_geometry.h"
#include "core/measure/score_coupling.h"
#include "core/probe/intervention_probe.h"
#include "core/probe/trace.h"
#include "core/trainer/token_cloud.h"

namespace hopscope::core {
namespace {

constexpr int64_t kSampleTokens = 512;

bool is_dense(const Engine& engine) {
    return engine.state().model.config.is_dense();
}

/// Tokens of the sample as the model takes them.
at::Tensor tokens_on(const at::Device& device, const std::vector<int32_t>& tokens,
                     at::IntArrayRef shape) {
    // from_blob reads only; it has no form for constants.
    return at::from_blob(const_cast<int32_t*>(tokens.data()), shape,
                         at::TensorOptions().dtype(at::kInt))
        .to(at::TensorOptions().dtype(at::kLong).device(device));
}

}  // namespace

ProbeSample probe_sample(const RunData& data, const TrainConfig& train) {
    ProbeSample out;
    out.rows = std::min(train.batch, std::max<int64_t>(1, kSampleTokens / train.seq_len));
    std::vector<int32_t> batch;
    data.valid.eval_batch(0, batch);
    for (int64_t r = 0; r < out.rows; ++r) {
        const auto row = batch.begin() + r * (train.seq_len + 1);
        out.tokens.token_ids.insert(out.tokens.token_ids.end(), row, row + train.seq_len);
        out.targets.insert(out.targets.end(), row + 1, row + train.seq_len + 1);
    }
    name_tokens(out.tokens, data.tokenizer, data.truth ? &*data.truth : nullptr);
    return out;
}

GradientView GeometryRecorder::gradient_view(const Config& config) {
    if (config.is_dense()) return {};
    return [&](const Model& model, const std::map<std::string, at::Tensor>& gradients) {
        gradient_cosines_ = live_gradient_cosines(model, gradients);
    };
}

void GeometryRecorder::record(const Engine& engine, ScalarRecord& record) {
    if (is_dense(engine)) return;
    const auto begin = std::chrono::steady_clock::now();
    const c10::AutoGradMode no_grad(false);
    const auto& state = engine.state();
    // The pass that the snapshot needs anyway.
    const auto spearman = refresh_cloud(engine);
    cloud_is_new_ = true;
    for (size_t l = 0; l < state.model.weights.layers.size(); ++l) {
        const auto found = live_geometry(state.model.config, state.model.weights.layers[l],
                                         static_cast<int64_t>(l));
        auto& out = record.layers[l];
        out.coupling = static_cast<float>(found.coupling);
        out.collinearity = static_cast<float>(found.collinearity);
        out.nearest_cosine = static_cast<float>(found.nearest_cosine);
        out.gradient_cosine = static_cast<float>(gradient_cosines_[l]);
        if (!spearman.empty()) out.score_spearman = static_cast<float>(spearman[l]);
    }
    record.publish_ms =
        std::chrono::duration<float, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

std::vector<double> GeometryRecorder::refresh_cloud(const Engine& engine) {
    const c10::AutoGradMode no_grad(false);
    const auto& state = engine.state();
    const auto device = state.model.weights.embed.device();
    const auto tokens = static_cast<int64_t>(sample_.targets.size());
    const auto ids =
        tokens_on(device, sample_.tokens.token_ids, {sample_.rows, tokens / sample_.rows});
    TraceProbe probe(ids.numel(), /*positions=*/true);
    // Routing as the run trains it, interventions included; the trace sees what they left.
    InterventionProbe interventions(state.model, engine.plan(), {ids.size(1)});
    ScoreSample scores;
    const auto pairs = pairs_probe(state.model, scores);
    std::vector<Probe*> probes{&probe};
    if (!engine.plan().actions.empty()) probes.insert(probes.begin(), &interventions);
    if (pairs) probes.push_back(pairs.get());
    ProbeChain chain(probes);
    ForwardOptions options;
    options.probe = &chain;
    options.changes = engine.changes();
    const auto hidden = forward(state.model, ids, options).hidden;

    TokenCloud tokens_seen;
    tokens_seen.add(
        probe.take(state.model.config),
        nll_of_targets(state.model.weights, hidden, tokens_on(device, sample_.targets, {tokens})));
    auto cloud = std::make_shared<GeometrySnapshot>(sample_.tokens);
    tokens_seen.move_into(*cloud);
    cloud_ = std::move(cloud);
    return pairs ? live_spearman(scores) : std::vector<double>();
}

std::shared_ptr<const GeometrySnapshot> GeometryRecorder::snapshot(const Engine& engine, bool due) {
    if (is_dense(engine)) return nullptr;
    if (!cloud_ || (due && !cloud_is_new_)) refresh_cloud(engine);
    cloud_is_new_ = false;
    const auto& state = engine.state();
    auto out = std::make_shared<GeometrySnapshot>(*cloud_);
    out->version = ++version_;
    out->step = state.step;
    out->seconds = unix_seconds();
    set_experts(*out, state.model, state.recent_load);
    return out;
}

std::vector<Projection> projections(const Weights& weights) {
    std::vector<Projection> out;
    for (const auto& layer : weights.layers)
        out.push_back(layer.proj.defined()
                          ? Projection{layer.proj.sizes().vec(), floats(layer.proj)}
                          : Projection{});
    return out;
}

}  // namespace hopscope::core
