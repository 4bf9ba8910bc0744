#include "core/measure/routing_sample.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cosine_similarity.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <algorithm>
#include <c10/core/GradMode.h>

#include "core/api/needs.h"
#include "core/measure/each_batch.h"
#include "core/measure/numbers.h"
#include "core/model/forward.h"
#include "core/model/pools.h"
#include "core/stats/descriptive.h"

namespace hopscope::core {
namespace {

at::Tensor norms(const at::Tensor& t) {
    return at::linalg_vector_norm(t, 2, at::IntArrayRef{-1});
}

double product(const at::Tensor& a, const at::Tensor& b) {
    return (a * b).sum(at::kDouble).item().toDouble();
}

/// Fills one batch's numbers layer by layer; hops come in order.
class SampleProbe : public Probe {
  public:
    SampleProbe(const Config& config, RoutingSample& out) : config_(config), out_(out) {}

    void attention(int64_t, const at::Tensor& a) override { attention_ = norms(a); }

    void after_experts(int64_t, int64_t hop, const ExpertCall& call, at::Tensor&) override {
        if (hop == 0) input_ = norms(call.h);
    }

    void after_hop(int64_t layer, int64_t hop, const HopRecord& r) override {
        auto& s = at(layer);
        if (hop == 0) {
            entropy_ = max_prob_ = 0;
            first_pos_ = r.route.pos;
            compare_layers(layer, r.route.idx);
            first_update_ = h_accum_ = r.update;
        } else {
            h_accum_ = h_accum_ + r.update;
            s.jaccard.resize(std::max(s.jaccard.size(), static_cast<size_t>(hop)));
            s.jaccard[static_cast<size_t>(hop - 1)].batches.push_back(
                kernels::mean_jaccard(last_idx_, r.route.idx));
            if (hop == 1)
                s.echo.batches.push_back(
                    mean_of(at::cosine_similarity(last_update_, r.update, -1)));
        }
        if (r.route.entropy.defined()) {
            entropy_ += mean_of(r.route.entropy);
            max_prob_ += mean_of(r.route.max_p);
        }
        const auto idx = (r.route.idx + r.pool_offset).to(at::kCPU).contiguous();
        if (s.hops.size() <= static_cast<size_t>(hop)) s.hops.resize(static_cast<size_t>(hop) + 1);
        auto& choices = s.hops[static_cast<size_t>(hop)];
        choices.pool_offset = r.pool_offset;
        choices.pool_size = pool_of(config_, layer, r.pool_offset).size;
        const int64_t* chosen = idx.const_data_ptr<int64_t>();
        choices.experts.insert(choices.experts.end(), chosen, chosen + idx.numel());
        for (int64_t i = 0; i < idx.numel(); ++i) ++s.counts[static_cast<size_t>(chosen[i])];
        out_.top_k = idx.size(1);
        hops_ = hop + 1;
        scored_ = r.route.entropy.defined();
        last_idx_ = r.route.idx;
        last_update_ = r.update;
        last_pos_ = r.route.pos;
    }

    void update(int64_t layer, const at::Tensor& h_accum) override {
        auto& s = at(layer);
        const auto size = norms(h_accum);
        s.norm_ratio.batches.push_back(mean_of(size / attention_.clamp_min(kernels::kNormEps)));
        s.relative_update.batches.push_back(mean_of(size / input_.clamp_min(kernels::kNormEps)));
        if (scored_) {
            s.entropy.batches.push_back(entropy_ / static_cast<double>(hops_));
            s.max_prob.batches.push_back(max_prob_ / static_cast<double>(hops_));
        }
        if (hops_ > 1) {
            s.first_hop.product.push_back(product(h_accum_, first_update_));
            s.first_hop.first.push_back(product(first_update_, first_update_));
            s.first_hop.all.push_back(product(h_accum_, h_accum_));
        }
        if (first_pos_.defined() && hops_ > 1)
            s.displacement.batches.push_back(mean_of(norms(last_pos_ - first_pos_)));
    }

  private:
    void compare_layers(int64_t layer, const at::Tensor& idx) {
        const auto l = static_cast<size_t>(layer);
        first_idx_.resize(out_.layers.size());
        first_idx_[l] = idx;
        for (size_t m = 0; m < l; ++m)
            out_.layer_jaccard[l][m].batches.push_back(kernels::mean_jaccard(first_idx_[m], idx));
    }
    LayerSample& at(int64_t layer) { return out_.layers[static_cast<size_t>(layer)]; }

    const Config& config_;
    RoutingSample& out_;
    at::Tensor attention_, input_, last_idx_, last_update_, last_pos_, first_pos_;
    at::Tensor first_update_, h_accum_;
    std::vector<at::Tensor> first_idx_;  ///< [layers] of this batch
    double entropy_ = 0, max_prob_ = 0;
    int64_t hops_ = 0;
    bool scored_ = false;
};

}  // namespace

double BatchMean::mean() const {
    return stats::mean(batches);
}

Result<RoutingSample> sample_routing(const Model& model, const BatchSource& source, int64_t batches,
                                     const Progress& progress) {
    if (const auto why = missing(Need::routing, model.config)) return usage_error(*why);
    const c10::AutoGradMode no_grad(false);
    RoutingSample out;
    out.batches = std::min(batches, source.eval_batches());
    out.experts = model.config.moe.experts;
    out.layers.resize(static_cast<size_t>(model.config.model.n_layers));
    for (auto& l : out.layers) l.counts.assign(static_cast<size_t>(model.config.moe.experts), 0);
    for (size_t l = 0; l < out.layers.size(); ++l) out.layer_jaccard.emplace_back(l);
    SampleProbe probe(model.config, out);
    ForwardOptions options;
    options.probe = &probe;
    const auto done =
        each_batch(source, out.batches, model.weights.embed.device(), "routing of batch", progress,
                   [&](int64_t, const BatchTensors& batch) {
                       forward(model, batch.ids, options);
                       out.tokens += source.batch() * source.seq_len();
                   });
    if (!done) return done.error();
    return out;
}

}  // namespace hopscope::core
