#include "core/trainer/geometry_recorder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <chrono>
#include <numeric>

#include "core/base/clock.h"
#include "core/base/sets.h"
#include "core/measure/coupling.h"
#include "core/measure/gradient_geometry.h"
#include "core/measure/score_coupling.h"
#include "core/probe/intervention_probe.h"
#include "core/probe/trace.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

constexpr int64_t kSampleTokens = 512;

/// [hops, hops] mean Jaccard of the index sets of all pairs of hops [def:jaccard]; of unrolled
/// pools, whose first experts are `offsets`, the index within the pool counts.
std::vector<float> hop_jaccard(const LayerGeometry& g, size_t tokens,
                               const std::vector<int32_t>& offsets) {
    const auto hops = static_cast<size_t>(g.hops), k = static_cast<size_t>(g.top_k);
    std::vector<float> out(hops * hops, 1.0F);
    for (size_t a = 0; a < hops; ++a)
        for (size_t b = a + 1; b < hops; ++b) {
            double sum = 0;
            for (size_t t = 0; t < tokens; ++t) {
                const auto* x = g.choices.data() + (a * tokens + t) * k;
                const auto* y = g.choices.data() + (b * tokens + t) * k;
                const int32_t shift = offsets[b] - offsets[a];
                int64_t both = 0;
                for (size_t i = 0; i < k; ++i) both += std::count(y, y + k, x[i] + shift);
                sum += jaccard_of(both, g.top_k, g.top_k);
            }
            out[a * hops + b] = out[b * hops + a] =
                static_cast<float>(sum / static_cast<double>(tokens));
        }
    return out;
}

/// Positions and choices of `tokens` tokens in one layer.
LayerGeometry layer_cloud(const TraceLayer& traced, size_t tokens) {
    LayerGeometry out;
    out.hops = static_cast<int64_t>(traced.hops.size());
    if (out.hops == 0) return out;
    out.top_k = traced.hops[0].top_k;
    out.d_space = traced.hops[0].d_space;
    std::vector<int32_t> offsets;
    for (const auto& hop : traced.hops) {
        offsets.push_back(static_cast<int32_t>(hop.pool_offset));
        out.positions.insert(out.positions.end(), hop.position.begin(), hop.position.end());
        out.choices.insert(out.choices.end(), hop.experts.begin(), hop.experts.end());
        out.weights.insert(out.weights.end(), hop.weights.begin(), hop.weights.end());
    }
    out.jaccard = hop_jaccard(out, tokens, offsets);
    return out;
}

/// [M, s] unit rows; two sub-centroids count as their mean direction; empty for routers without.
std::vector<float> unit_centroids(const at::Tensor& centroids) {
    if (!centroids.defined()) return {};
    auto c = kernels::reference::l2norm(centroids.detach());
    if (c.dim() == 3) c = kernels::reference::l2norm(c.sum(1));
    return floats(c);
}

bool is_dense(const Engine& engine) {
    return engine.state().model.config.is_dense();
}

/// The sample as the model takes it, [rows, length].
at::Tensor token_ids(const ProbeSample& sample, const at::Device& device) {
    const auto tokens = static_cast<int64_t>(sample.ids.size());
    // from_blob reads only; it has no form for constants.
    return at::from_blob(const_cast<int32_t*>(sample.ids.data()),
                         {sample.rows, tokens / sample.rows}, at::TensorOptions().dtype(at::kInt))
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
        out.ids.insert(out.ids.end(), row, row + train.seq_len);
    }
    for (const int32_t id : out.ids) out.pieces.push_back(data.tokenizer.piece(id));
    if (data.truth)
        out.classes = data.truth->label_tokens(data.tokenizer, out.ids);
    else
        out.classes.resize(out.ids.size());
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
    const auto ids = token_ids(sample_, state.model.weights.embed.device());
    TraceProbe probe(ids.numel(), /*positions=*/true);
    // Routing as the run trains it, interventions included; the trace sees what they left.
    InterventionProbe interventions(state.model, engine.plan(), ids.size(1));
    ScoreSample scores;
    const auto pairs = pairs_probe(state.model, scores);
    std::vector<Probe*> probes{&probe};
    if (!engine.plan().actions.empty()) probes.insert(probes.begin(), &interventions);
    if (pairs) probes.push_back(pairs.get());
    ProbeChain chain(probes);
    ForwardOptions options;
    options.probe = &chain;
    options.changes = engine.changes();
    forward(state.model, ids, options);

    auto cloud = std::make_shared<GeometrySnapshot>();
    cloud->token_ids = sample_.ids;
    cloud->pieces = sample_.pieces;
    cloud->classes = sample_.classes;
    for (const TraceLayer& traced : probe.take(state.model.config))
        cloud->layers.push_back(layer_cloud(traced, sample_.ids.size()));
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
    for (size_t l = 0; l < out->layers.size(); ++l) {
        auto& g = out->layers[l];
        g.experts = state.model.config.moe.experts;
        g.centroids = unit_centroids(state.model.weights.layers[l].centroids);
        g.load.assign(static_cast<size_t>(g.experts), 0.0F);
        const RecentLoad& load = state.recent_load;
        if (l >= load.size() || load[l].size() != g.load.size()) continue;
        const double total = std::accumulate(load[l].begin(), load[l].end(), 0.0);
        for (size_t e = 0; total > 0 && e < g.load.size(); ++e)
            g.load[e] = static_cast<float>(load[l][e] / total);
    }
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
