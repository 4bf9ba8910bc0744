// The fused operator serves the paper's main line (cosine scores, softmax); everything else builds
// its scores here and shares the operator that chooses among them.
#include "core/model/router.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <c10/core/GradMode.h>
#include <cmath>
#include <tuple>

#include "core/config/arithmetic.h"
#include "kernels/reference/reference.h"

namespace hopscope::core {
namespace {

using kernels::reference::l2norm;

/// splitmix64 as science.md E18 fixes it, so that independent programs agree.
uint64_t splitmix64(uint64_t x) {
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

kernels::Score score_of(const MoeConfig& moe) {
    return moe.score == "sigmoid" ? kernels::Score::sigmoid
           : moe.score == "relu"  ? kernels::Score::relu
                                  : kernels::Score::softmax;
}

/// Whether positions and centroids are unit vectors.
bool is_spherical(const MoeConfig& moe) {
    return moe.router != "kmeans" || moe.kmeans != "plain";
}

/// Rows [offset, offset + size) of a tensor with one row an expert; all of it costs no view.
at::Tensor rows_of_pool(const at::Tensor& t, Pool pool) {
    return t.size(0) == pool.size ? t : t.narrow(0, pool.offset, pool.size);
}

/// `all` with the given rows replaced; the others keep what they held.
at::Tensor replace_rows(const at::Tensor& all, const at::Tensor& rows, const at::Tensor& part) {
    return rows.defined() ? all.index_copy(0, rows, part) : part;
}

}  // namespace

std::vector<Pool> pools_of(const Config& config, int64_t layer) {
    std::vector<Pool> out;
    int64_t offset = 0;
    for (const int64_t size : pool_sizes(config.moe, config.moe.hops_of(layer))) {
        out.push_back({offset, size});
        offset += size;
    }
    return out;
}

Pool pool_of(const Config& config, int64_t layer, int64_t expert) {
    const auto pools = pools_of(config, layer);
    return *std::find_if(pools.begin(), pools.end() - 1,
                         [&](const Pool& p) { return expert < p.offset + p.size; });
}

at::Tensor at_rows(const at::Tensor& all, const at::Tensor& rows) {
    return rows.defined() ? all.index_select(0, rows) : all;
}

std::vector<int64_t> hash_choices(uint64_t key, uint64_t layer, int64_t experts, int64_t k) {
    std::vector<int64_t> out;
    for (uint64_t attempt = 0; static_cast<int64_t>(out.size()) < k; ++attempt) {
        const auto e = static_cast<int64_t>(splitmix64((key * 64 + layer) * 64 + attempt) %
                                            static_cast<uint64_t>(experts));
        if (std::find(out.begin(), out.end(), e) == out.end()) out.push_back(e);
    }
    std::sort(out.begin(), out.end());  // equal weights are listed by rising index
    return out;
}

at::Tensor balance_term(const at::Tensor& mean_p, const at::Tensor& counts, int64_t choices) {
    const auto f = counts.to(mean_p.options()) / static_cast<double>(choices);
    return (f * mean_p).sum() * static_cast<double>(mean_p.numel());
}

at::Tensor sequence_balance(const at::Tensor& p, const at::Tensor& idx, int64_t length) {
    const int64_t batch = p.size(0) / length, experts = p.size(1), k = idx.size(1);
    const auto chosen = idx.view({batch, length * k});
    const auto counts = at::zeros({batch, experts}, p.options())
                            .scatter_add(1, chosen, at::ones_like(chosen, p.options()));
    const auto f = counts / static_cast<double>(length * k);
    const auto mean_p = p.view({batch, length, experts}).mean(1);
    return (f * mean_p).sum(-1).mean() * static_cast<double>(experts);
}

bool scales_by_tau(const MoeConfig& moe) {
    return moe.has_positions() && is_spherical(moe) &&
           !(moe.router == "kmeans" && moe.kmeans_gating == "identity");
}

Nearness nearness(const MoeConfig& moe, const LayerWeights& w, Pool pool, const at::Tensor& at) {
    Nearness out;
    if (!moe.has_positions()) {
        out.near = at::matmul(at, rows_of_pool(w.linear, pool).t());
        return out;
    }
    auto centroids = rows_of_pool(w.centroids, pool);
    if (is_spherical(moe)) centroids = l2norm(centroids);
    if (centroids.dim() == 3) {  // the better of two sub-centroids
        const auto both =
            at::matmul(at, centroids.flatten(0, 1).t()).view({at.size(0), centroids.size(0), 2});
        std::tie(out.near, out.nearest) = both.max(-1);
    } else {
        out.near = at::matmul(at, centroids.t());
    }
    return out;
}

LayerRouter::LayerRouter(const Config& config, const LayerWeights& weights, int64_t layer,
                         const TokenBatch& tokens, const ForwardOptions& options)
    : config_(config),
      w_(weights),
      layer_(layer),
      tokens_(tokens),
      options_(options),
      pools_(pools_of(config, layer)) {}

int64_t LayerRouter::top_k() const {
    return options_.controls.top_k > 0 ? options_.controls.top_k : config_.moe.top_k;
}

bool LayerRouter::spherical() const {
    return is_spherical(config_.moe);
}

at::Tensor LayerRouter::tau(const at::Tensor& like) const {
    if (options_.controls.tau > 0) return at::full({}, options_.controls.tau, like.options());
    return w_.tau.defined() ? w_.tau : at::full({}, config_.moe.tau, like.options());
}

bool LayerRouter::fused() const {
    const auto& moe = config_.moe;
    if (options_.controls.keep_scores) return false;
    return (moe.router == "cosine" || moe.router == "random_fixed") && moe.score == "softmax" &&
           !moe.reads_kinematic() && !moe.has_bias() && moe.z_loss == 0.0 &&
           moe.balance != "sequence";
}

HopRoute LayerRouter::hop(int64_t hop, const at::Tensor& h, const at::Tensor& rows) {
    const Pool pool = pools_[pools_.size() == 1 ? 0 : static_cast<size_t>(hop)];
    if (config_.moe.router == "hash") return hash_hop(rows, h, pool);
    RouteInput input;
    input.pool_offset = pool.offset;
    input.pool_size = pool.size;
    input.rows = rows;
    input.active = h.size(0);
    if (options_.probe) options_.probe->before_route(layer_, hop, input);
    return fused() ? fused_hop(hop, h, input, pool) : scored_hop(hop, h, rows, input, pool);
}

HopRoute LayerRouter::fused_hop(int64_t hop, const at::Tensor& h, const RouteInput& input,
                                Pool pool) {
    const auto proj = w_.proj.defined() && w_.proj.dim() == 3 ? w_.proj.select(0, hop) : w_.proj;
    const int64_t k = top_k();
    HopRoute out{kernels::route(h, proj, rows_of_pool(w_.centroids, pool), tau(h), k,
                                config_.moe.renormalises(k), input.score_bias, input.pos_delta,
                                options_.form),
                 pool,
                 {},
                 {}};
    const auto counts = kernels::count_choices(out.route.idx, pool.size);
    out.balance = balance_term(out.route.mean_p, counts, out.route.idx.numel());
    return out;
}

HopRoute LayerRouter::hash_hop(const at::Tensor& rows, const at::Tensor& h, Pool pool) {
    const bool by_token = config_.moe.hash_key == "token";
    const int64_t k = top_k(), tokens = h.size(0);
    const auto where = rows.defined() ? rows.to(at::kCPU).contiguous() : at::Tensor();
    const auto ids = tokens_.ids.to(at::kCPU).contiguous();
    auto idx = at::empty({tokens, k}, at::TensorOptions().dtype(at::kLong));
    auto* out = idx.mutable_data_ptr<int64_t>();
    for (int64_t a = 0; a < tokens; ++a) {
        const int64_t t = rows.defined() ? where.const_data_ptr<int64_t>()[a] : a;
        const int64_t key = by_token ? ids.const_data_ptr<int64_t>()[t] : t % tokens_.length;
        const auto chosen =
            hash_choices(static_cast<uint64_t>(key), static_cast<uint64_t>(layer_), pool.size, k);
        std::copy(chosen.begin(), chosen.end(), out + a * k);
    }
    HopRoute route;
    route.pool = pool;
    route.route.idx = idx.to(h.device());
    route.route.weight = at::full({tokens, k}, 1.0 / static_cast<double>(k), h.options());
    return route;
}

at::Tensor LayerRouter::projected(int64_t hop, const at::Tensor& h) const {
    if (!w_.proj.defined()) return h;
    return at::matmul(h, (w_.proj.dim() == 3 ? w_.proj.select(0, hop) : w_.proj).t());
}

/// pos of this hop (E9): the projection of x + h_accum; kinematic: the last position moved by the
/// chosen experts' vectors; hybrid: the projection moved by them.
at::Tensor LayerRouter::position(int64_t hop, const at::Tensor& h, const at::Tensor& rows,
                                 const RouteInput& input) {
    at::Tensor pos;
    if (hop > 0 && config_.moe.reroute == "kinematic")
        pos = at_rows(position_, rows) + at_rows(moved_, rows);
    else
        pos = projected(hop, h);
    if (hop > 0 && config_.moe.reroute == "hybrid") pos = pos + at_rows(moved_, rows);
    if (spherical()) pos = l2norm(pos);
    if (input.pos_delta) {
        pos = pos + *input.pos_delta;
        if (spherical()) pos = l2norm(pos);
    }
    if (config_.moe.reads_kinematic()) position_ = replace_rows(position_, rows, pos);
    return pos;
}

HopRoute LayerRouter::scored_hop(int64_t hop, const at::Tensor& h, const at::Tensor& rows,
                                 const RouteInput& input, Pool pool) {
    const auto& moe = config_.moe;
    const bool kmeans = moe.router == "kmeans", positions = moe.has_positions();
    const int64_t k = top_k();
    at::Tensor pos;
    if (positions) pos = position(hop, h, rows, input);
    const auto [near, nearest] = nearness(moe, w_, pool, positions ? pos : h);
    const bool scaled = scales_by_tau(moe);
    auto scores = scaled ? tau(h) * near : near;
    if (input.score_bias) scores = scores + *input.score_bias;

    kernels::Gate gate;
    gate.score = score_of(moe);
    gate.renormalise = moe.renormalises(k);
    gate.identity = kmeans && moe.kmeans_gating == "identity";
    if (w_.bias.defined()) {
        auto bias = rows_of_pool(w_.bias, pool).detach();
        // K-Means adds its bias to the nearness itself (C3), which the scores hold times tau.
        if (kmeans && scaled) bias = bias * tau(h).detach();
        gate.select_bias = bias;
        gate.bias_on_scores = kmeans;
    }
    HopRoute out{kernels::choose(scores, k, gate, options_.form), pool, {}, {}};
    if (positions) out.route.pos = pos.detach();
    if (moe.balance == "sequence" || moe.balance == "loss_free_sequence") {
        // Halted tokens leave no whole sequences; then the term is that of what is left.
        const int64_t length = rows.defined() ? h.size(0) : tokens_.length;
        out.balance = sequence_balance(out.route.p, out.route.idx, length);
    } else {
        const auto counts = kernels::count_choices(out.route.idx, pool.size);
        out.balance = balance_term(out.route.mean_p, counts, out.route.idx.numel());
    }
    if (moe.z_loss > 0) out.z = at::logsumexp(scores, {-1}).square().mean();
    if (kmeans && options_.train) {
        const c10::AutoGradMode no_grad(false);
        assignments_.push_back(
            {out.route.pos, out.route.idx + pool.offset,
             nearest.defined() ? nearest.gather(1, out.route.idx) : at::Tensor()});
    }
    return out;
}

void LayerRouter::moved_by(const HopRoute& chosen, const at::Tensor& rows) {
    if (!config_.moe.reads_kinematic()) return;
    const auto v = rows_of_pool(w_.kinematic, chosen.pool);
    const auto step =
        kernels::experts_static(chosen.route.idx, chosen.route.weight, v, options_.form);
    moved_ = replace_rows(moved_, rows, step);
}

}  // namespace hopscope::core
