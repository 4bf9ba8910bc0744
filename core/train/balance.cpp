#include "core/train/balance.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <c10/core/GradMode.h>

#include "core/model/pools.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

/// λ_EMA and λ_b [def:kmeans_router].
constexpr double kCentroidRate = 10.0;
constexpr double kBiasRate = 1.0;

/// b += rate · sign(mean count − count), pool by pool; the constant rate of loss-free balancing, or
/// for K-Means the learning rate times λ_b.
void step_bias(const Config& config, int64_t layer, const std::vector<int64_t>& counts, double rate,
               const std::vector<int64_t>& waiting, at::Tensor& bias) {
    const auto count =
        at::from_blob(const_cast<int64_t*>(counts.data()), {static_cast<int64_t>(counts.size())},
                      at::TensorOptions().dtype(at::kLong))
            .to(bias.options());
    for (const Pool pool : pools_of(config, layer)) {
        const auto c = count.narrow(0, pool.offset, pool.size);
        auto b = bias.narrow(0, pool.offset, pool.size);
        if (waiting.empty()) {
            b.add_((c.mean() - c).sign(), rate);
            continue;
        }
        auto open = at::ones_like(c);
        for (const int64_t e : waiting)
            if (e >= pool.offset && e < pool.offset + pool.size)
                open.select(0, e - pool.offset).zero_();
        const auto mean = (c * open).sum() / open.sum();
        b.add_((mean - c).sign() * open, rate);
    }
}

}  // namespace

void CountedRouting::clear() {
    layers_.clear();
}

void CountedRouting::add(const Config& config, const ForwardOut& out) {
    const c10::AutoGradMode no_grad(false);
    const bool unit = config.moe.is_spherical();
    layers_.resize(out.assignments.size());
    for (size_t l = 0; l < out.assignments.size(); ++l)
        for (const Assignment& a : out.assignments[l]) {
            const int64_t subs = a.nearest.defined() ? 2 : 1;
            const int64_t rows = config.moe.experts * subs, k = a.experts.size(1);
            auto& [sum, count] = layers_[l];
            if (!sum.defined()) {
                sum = at::zeros({rows, a.position.size(1)}, a.position.options());
                count = at::zeros({rows}, a.position.options());
            }
            const auto position = unit ? kernels::reference::l2norm(a.position) : a.position;
            const auto one = at::ones({a.position.size(0)}, a.position.options());
            // One choice at a time: k copies of the positions never exist together.
            for (int64_t j = 0; j < k; ++j) {
                auto to = a.experts.select(1, j);
                if (subs == 2) to = to * 2 + a.nearest.select(1, j);
                sum.index_add_(0, to, position);
                count.index_add_(0, to, one);
            }
        }
}

void CountedRouting::apply(Model& model, const std::vector<std::vector<int64_t>>& counts, double lr,
                           const std::vector<RouterMoves>& moves) const {
    const c10::AutoGradMode no_grad(false);
    const auto& config = model.config;
    const auto& moe = config.moe;
    auto& layers = model.weights.layers;
    const bool kmeans = moe.counts_centroids();
    for (size_t l = 0; l < layers.size(); ++l) {
        auto& w = layers[l];
        if (moves[l].bias && w.bias.defined() && l < counts.size())
            step_bias(config, static_cast<int64_t>(l), counts[l],
                      kmeans ? kBiasRate * lr : moe.bias_rate, moves[l].waiting, w.bias);
        if (!kmeans || !moves[l].centroids || l >= layers_.size() || !layers_[l].sum.defined())
            continue;
        const auto& [sum, count] = layers_[l];
        auto c = w.centroids.view({-1, w.centroids.size(-1)});
        auto mean = sum / count.clamp_min(1).unsqueeze(-1);
        if (moe.is_spherical()) {
            mean = kernels::reference::l2norm(mean);
            // The step is taken between directions; a centroid is a unit row from the start.
            c.copy_(kernels::reference::l2norm(c));
        }
        const auto used = (count > 0).unsqueeze(-1);
        auto next = c + (mean - c) * std::min(1.0, kCentroidRate * lr);
        if (moe.is_spherical()) next = kernels::reference::l2norm(next);
        c.copy_(at::where(used, next, c));
    }
}

}  // namespace hopscope::core
