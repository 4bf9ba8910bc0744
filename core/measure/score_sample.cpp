#include "core/measure/score_sample.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/acos.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/silu.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <limits>
#include <numbers>
#include <tuple>

#include "core/api/needs.h"
#include "core/measure/each_batch.h"
#include "core/model/router.h"
#include "core/probe/trace.h"

namespace hopscope::core {
namespace {

class ScoreProbe : public Probe {
  public:
    ScoreProbe(const Model& model, ScoreSample& out, bool margins)
        : model_(model), out_(out), margins_(margins), sums_(model.weights.layers.size()) {}

    void after_experts(int64_t layer, int64_t hop, const ExpertCall& call, at::Tensor&) override {
        const auto l = static_cast<size_t>(layer);
        const auto& w = model_.weights.layers[l];
        const auto& moe = model_.config.moe;
        const Pool pool{call.pool_offset, call.bank.written().size(0)};
        const auto h = call.h.to(at::kFloat);
        const auto at = moe.has_positions() ? call.route.pos : h;
        const auto near = nearness(moe, w, pool, at).near;
        const double tau = !moe.scales_by_tau() ? 1.0
                           : w.tau.defined()    ? w.tau.item().toDouble()
                                                : moe.tau;
        const auto scores = near * tau;
        if (margins_) add_margins(sums_[l], scores, near, call.route.idx);
        if (call.bank.kind != kernels::ExpertKind::fixed)
            add_pairs(out_.layers[l].pairs, scores, h, call);
    }

    /// Ends a batch.
    void close() {
        for (size_t l = 0; l < sums_.size(); ++l) {
            auto& s = sums_[l];
            if (s.margins > 0) out_.layers[l].margin.batches.push_back(s.margin / s.margins);
            if (s.angles > 0) out_.layers[l].angle_margin.batches.push_back(s.angle / s.angles);
            s = {};
        }
        ++batch_;
    }

  private:
    struct Sums {
        double margin = 0, margins = 0, angle = 0, angles = 0;
    };

    void add_margins(Sums& sums, const at::Tensor& scores, const at::Tensor& near,
                     const at::Tensor& idx) const {
        const auto n = static_cast<double>(scores.size(0));
        if (idx.size(1) < scores.size(1)) {
            constexpr double kNever = -std::numeric_limits<double>::infinity();
            const auto last = scores.gather(1, idx).amin({-1});
            const auto next = scores.scatter(1, idx, kNever).amax({-1});
            sums.margin += (last - next).sum().item().toDouble();
            sums.margins += n;
        }
        if (!model_.config.moe.has_positions() || near.size(1) < 2 ||
            !model_.config.moe.is_spherical())
            return;
        const auto two = std::get<0>(near.topk(2, -1));
        const auto angle = at::acos(two.clamp(-1, 1)) * (180 / std::numbers::pi);
        sums.angle += (angle.select(1, 1) - angle.select(1, 0)).sum().item().toDouble();
        sums.angles += n;
    }

    void add_pairs(RoutedPairs& pairs, const at::Tensor& scores, const at::Tensor& h,
                   const ExpertCall& call) const {
        constexpr int64_t kChunk = 256;  // tokens; the rows of their experts are gathered
        const auto& bank = call.bank.gate.defined() ? call.bank.gate : call.bank.down;
        const int64_t tokens = h.size(0), k = call.route.idx.size(1), r = bank.size(1),
                      d = bank.size(2);
        const auto chosen = call.route.idx;
        for (int64_t begin = 0; begin < tokens; begin += kChunk) {
            const int64_t end = std::min(tokens, begin + kChunk);
            // Every stride-th token of the batch, wherever the chunks part it.
            const int64_t first = (begin + out_.stride - 1) / out_.stride * out_.stride;
            if (first >= end) continue;
            const auto idx = chosen.slice(0, first, end, out_.stride);
            const int64_t n = idx.size(0);
            const auto rows = bank.index_select(0, idx.reshape({-1})).to(at::kFloat);
            const auto pre = at::matmul(rows.view({n, k * r, d}),
                                        h.slice(0, first, end, out_.stride).unsqueeze(-1))
                                 .view({n, k, r});
            append(pairs.score, scores.slice(0, first, end, out_.stride).gather(1, idx));
            append(pairs.activation, at::silu(pre).mean(-1));
            append(pairs.norm, at::linalg_vector_norm(pre, 2, at::IntArrayRef{-1}));
            const auto experts = (idx + call.pool_offset).to(at::kCPU).contiguous();
            for (int64_t i = 0; i < n * k; ++i) {
                pairs.expert.push_back(static_cast<int32_t>(experts.const_data_ptr<int64_t>()[i]));
                pairs.rank.push_back(static_cast<int16_t>(i % k));
                pairs.batch.push_back(batch_);
            }
        }
    }

    static void append(std::vector<float>& to, const at::Tensor& t) {
        const auto values = floats(t);
        to.insert(to.end(), values.begin(), values.end());
    }

    const Model& model_;
    ScoreSample& out_;
    bool margins_;
    std::vector<Sums> sums_;
    int16_t batch_ = 0;
};

}  // namespace

std::unique_ptr<Probe> pairs_probe(const Model& model, ScoreSample& out) {
    constexpr Need kNeeds[] = {Need::scores, Need::reading_experts};
    if (missing(kNeeds, model.config)) return nullptr;
    out.top_k = model.config.moe.top_k;
    out.batches = 1;
    out.layers.resize(model.weights.layers.size());
    return std::make_unique<ScoreProbe>(model, out, /*margins=*/false);
}

Result<ScoreSample> sample_scores(const Model& model, const BatchSource& source, int64_t batches,
                                  const Progress& progress, int64_t most_pairs) {
    if (const auto why = missing(Need::scores, model.config)) return usage_error(*why);
    const c10::AutoGradMode no_grad(false);
    ScoreSample out;
    out.batches = std::min(batches, source.eval_batches());
    out.top_k = model.config.moe.top_k;
    out.layers.resize(model.weights.layers.size());
    int64_t hops = 1;
    for (int64_t l = 0; l < model.config.model.n_layers; ++l)
        hops = std::max(hops, model.config.moe.hops_of(l));
    const int64_t tokens = source.batch() * source.seq_len();
    const int64_t pairs = out.batches * tokens * hops * model.config.moe.top_k;
    out.stride = std::max<int64_t>(1, (pairs + most_pairs - 1) / most_pairs);
    ScoreProbe probe(model, out, /*margins=*/true);
    ForwardOptions options;
    options.probe = &probe;
    const auto done =
        each_batch(source, out.batches, model.weights.embed.device(), "scores of batch", progress,
                   [&](int64_t, const BatchTensors& batch) {
                       forward(model, batch.ids, options);
                       probe.close();
                       out.tokens += tokens;
                   });
    if (!done) return done.error();
    return out;
}

}  // namespace hopscope::core
