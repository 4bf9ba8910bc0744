// What the trainer publishes of its routing geometry. Centroids and loads are always fresh; the
// cloud of token positions costs a forward pass and is taken anew only where a snapshot is due, so
// that watching costs what recording costs.
#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <chrono>

#include "core/lab/run_trainer.h"
#include "core/measure/score_coupling.h"
#include "core/probe/intervention_probe.h"
#include "core/probe/trace.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

constexpr int64_t kSampleTokens = 512;

/// [hops, hops] mean Jaccard of the index sets of all pairs of hops (E11); of unrolled pools, whose
/// first experts are `offsets`, the index within the pool counts.
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
                size_t both = 0;
                for (size_t i = 0; i < k; ++i)
                    both += static_cast<size_t>(std::count(y, y + k, x[i] + shift));
                sum += static_cast<double>(both) / static_cast<double>(2 * k - both);
            }
            out[a * hops + b] = out[b * hops + a] =
                static_cast<float>(sum / static_cast<double>(tokens));
        }
    return out;
}

/// [M, s] unit rows; two sub-centroids count as their mean direction; empty for routers without.
std::vector<float> unit_centroids(const at::Tensor& centroids) {
    if (!centroids.defined()) return {};
    auto c = kernels::reference::l2norm(centroids.detach());
    if (c.dim() == 3) c = kernels::reference::l2norm(c.sum(1));
    return floats(c);
}

}  // namespace

void RunTrainer::make_probe_sample() {
    const int64_t length = config_.train.seq_len,
                  rows =
                      std::min(config_.train.batch, std::max<int64_t>(1, kSampleTokens / length));
    std::vector<int32_t> batch;
    data_->valid.eval_batch(0, batch);
    sample_rows_ = rows;
    sample_.clear();
    for (int64_t r = 0; r < rows; ++r)
        sample_.insert(sample_.end(), batch.begin() + r * (length + 1),
                       batch.begin() + r * (length + 1) + length);
}

std::vector<double> RunTrainer::refresh_cloud() {
    cloud_ = std::make_shared<GeometrySnapshot>();
    GeometrySnapshot& out = *cloud_;
    const c10::AutoGradMode no_grad(false);
    const auto& state = engine_->state();
    const auto tokens = static_cast<int64_t>(sample_.size());
    const auto ids = at::from_blob(sample_.data(), {sample_rows_, tokens / sample_rows_},
                                   at::TensorOptions().dtype(at::kInt))
                         .to(at::TensorOptions().dtype(at::kLong).device(device_.device));
    TraceProbe probe(tokens, /*positions=*/true);
    // Routing as the run trains it, interventions included; the trace sees what they left.
    InterventionProbe interventions(state.live, state.weights, engine_->plan(), ids.size(1));
    ScoreSample scores;
    const auto pairs = pairs_probe(state.live, state.weights, scores);
    std::vector<Probe*> probes{&probe};
    if (!engine_->plan().actions.empty()) probes.insert(probes.begin(), &interventions);
    if (pairs) probes.push_back(pairs.get());
    ProbeChain chain(probes);
    ForwardOptions options;
    options.probe = &chain;
    options.controls = engine_->controls();
    forward(state.live, state.weights, ids, options);
    const auto traced = probe.take(state.live);
    out.token_ids = sample_;
    for (const int32_t id : sample_) out.pieces.push_back(data_->tokenizer.piece(id));
    if (data_->truth)
        out.classes = data_->truth->label_tokens(data_->tokenizer, sample_);
    else
        out.classes.resize(sample_.size());
    out.layers.resize(traced.size());
    for (size_t l = 0; l < traced.size(); ++l) {
        auto& g = out.layers[l];
        g.hops = static_cast<int64_t>(traced[l].hops.size());
        if (g.hops == 0) continue;
        g.top_k = traced[l].hops[0].top_k;
        g.d_space = traced[l].hops[0].d_space;
        std::vector<int32_t> offsets;
        for (const auto& hop : traced[l].hops) {
            offsets.push_back(static_cast<int32_t>(hop.pool_offset));
            g.positions.insert(g.positions.end(), hop.position.begin(), hop.position.end());
            g.choices.insert(g.choices.end(), hop.experts.begin(), hop.experts.end());
            g.weights.insert(g.weights.end(), hop.weights.begin(), hop.weights.end());
        }
        g.jaccard = hop_jaccard(g, static_cast<size_t>(tokens), offsets);
    }
    return pairs ? live_spearman(scores) : std::vector<double>();
}

std::shared_ptr<const GeometrySnapshot> RunTrainer::geometry() {
    if (config_.model.ffn == "dense") return nullptr;
    if (!cloud_ || (due().snapshot && !cloud_is_new_)) refresh_cloud();
    cloud_is_new_ = false;
    auto out = std::make_shared<GeometrySnapshot>(*cloud_);
    out->version = ++version_;
    out->step = step();
    out->seconds =
        std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    for (size_t l = 0; l < out->layers.size(); ++l) {
        auto& g = out->layers[l];
        g.experts = config_.moe.experts;
        g.centroids = unit_centroids(engine_->state().weights.layers[l].centroids);
        g.load.assign(static_cast<size_t>(g.experts), 0.0F);
        if (l >= recent_load_.size()) continue;
        double total = 0;
        for (const double c : recent_load_[l]) total += c;
        for (size_t e = 0; total > 0 && e < g.load.size(); ++e)
            g.load[e] = static_cast<float>(recent_load_[l][e] / total);
    }
    return out;
}

Status RunTrainer::save_geometry(const GeometrySnapshot& snapshot) {
    if (!writer_) return {};
    std::vector<Projection> projections;
    for (const auto& layer : engine_->state().weights.layers)
        projections.push_back(layer.proj.defined()
                                  ? Projection{layer.proj.sizes().vec(), floats(layer.proj)}
                                  : Projection{});
    auto saved = folder_->save_geometry(snapshot, projections);
    return saved ? Status() : Status(saved.error());
}

std::shared_ptr<const WeightsCopy> RunTrainer::copy_weights() {
    auto copy = std::make_shared<ModelCopy>(
        engine_->state().live, engine_->state().weights.map([](Group, const at::Tensor& t) {
            return t.detach().to(at::TensorOptions().dtype(at::kFloat).device(at::kCPU), false,
                                 /*copy=*/true);
        }),
        data_->tokenizer, data_->valid);
    copy->step = step();
    return copy;
}

}  // namespace hopscope::core
