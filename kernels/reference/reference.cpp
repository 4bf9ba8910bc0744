#include "kernels/reference/reference.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/where.h>
#include <cmath>
#include <limits>
#include <tuple>

#include "kernels/types.h"

namespace hopscope::kernels::reference {

at::Tensor l2norm(const at::Tensor& x) {
    return x /
           at::linalg_vector_norm(x, 2, at::IntArrayRef{-1}, /*keepdim=*/true).clamp_min(kNormEps);
}

at::Tensor top_k(const at::Tensor& keys, int64_t k) {
    // A stable descending sort keeps the lowest index first among equals; topk promises no order.
    return std::get<1>(at::sort(keys.detach(), /*stable=*/true, -1, /*descending=*/true))
        .narrow(-1, 0, k)
        .contiguous();
}

RouteOut route(const at::Tensor& h, const at::Tensor& proj, const at::Tensor& centroids,
               const at::Tensor& tau, int64_t k, bool renormalise,
               const std::optional<at::Tensor>& score_bias,
               const std::optional<at::Tensor>& pos_delta) {
    auto pos = l2norm(proj.defined() ? at::matmul(h, proj.t()) : h);  // [T, s]
    if (pos_delta) pos = l2norm(pos + *pos_delta);
    auto scores = tau * at::matmul(pos, l2norm(centroids).t());  // [T, M]
    if (score_bias) scores = scores + *score_bias;
    const auto p = at::softmax(scores, -1);
    RouteOut out;
    out.idx = top_k(scores, k);
    out.weight = p.gather(-1, out.idx);
    if (renormalise) out.weight = out.weight / out.weight.sum(-1, true);
    out.mean_p = p.mean(0);
    const auto q = p.detach();
    const auto plogp = at::where(q == 0, at::zeros_like(q), q * at::log(q));
    out.entropy = -plogp.sum(-1);
    out.max_p = std::get<0>(q.max(-1));
    out.pos = pos.detach();
    return out;
}

namespace {

/// The rows of the chosen experts, [T, k, r, d].
at::Tensor rows_of(const at::Tensor& w, const at::Tensor& idx) {
    return w.index_select(0, idx.reshape({-1})).view({idx.size(0), idx.size(1), -1, w.size(-1)});
}

}  // namespace

at::Tensor activations(const at::Tensor& h, const at::Tensor& idx, const ExpertBank& bank) {
    if (bank.kind == ExpertKind::fixed) return {};
    const auto read = [&](const at::Tensor& by) {  // [T, k, r]
        return at::matmul(rows_of(by, idx), h.view({h.size(0), 1, -1, 1})).squeeze(-1);
    };
    return bank.kind == ExpertKind::mlp ? at::silu(read(bank.down))
                                        : at::silu(read(bank.gate)) * read(bank.down);
}

namespace {

/// Slot updates as factors: coefficients [T, k, r] and the rows they multiply, [T, k, r, d].
struct Factors {
    at::Tensor coeff, rows;
};

Factors factors(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                const ExpertBank& bank) {
    const auto w = weight.unsqueeze(-1);  // [T, k, 1]
    const auto rows = rows_of(bank.written(), idx);
    return {bank.kind == ExpertKind::fixed ? w : activations(h, idx, bank) * w, rows};
}

}  // namespace

at::Tensor experts(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                   const ExpertBank& bank) {
    const auto tokens = idx.size(0), d = bank.written().size(-1);
    const auto f = factors(h, idx, weight, bank);
    return at::matmul(f.coeff.reshape({tokens, 1, -1}), f.rows.view({tokens, -1, d})).squeeze(1);
}

at::Tensor compose(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                   const ExpertBank& bank, Composition composition) {
    const auto tokens = idx.size(0), k = idx.size(1), d = bank.written().size(-1);
    const auto f = factors(h, idx, weight, bank);
    const auto u = at::matmul(f.coeff.unsqueeze(2), f.rows).squeeze(2);  // [T, k, d]
    if (composition == Composition::sum) return u.sum(1);
    if (composition == Composition::cross_gated)
        return (u * at::sigmoid(u.sum(1, true) - u)).sum(1);
    const auto g = u.view({tokens, kCompositionGroups, k / kCompositionGroups, d}).sum(2);
    if (composition == Composition::grouped_silu) return at::silu(g).sum(1);
    return g.select(1, 0) * at::sigmoid(g.select(1, 1)) +
           g.select(1, 2) * at::sigmoid(g.select(1, 3));
}

std::vector<at::Tensor> linear(const at::Tensor& x, const std::vector<LinearLayer>& layers,
                               bool wide) {
    std::vector<at::Tensor> out;
    for (const auto& layer : layers) {
        const auto type = layer.weight.scalar_type();
        const auto in = x.to(type);
        const auto y = layer.bias.defined() ? at::linear(in, layer.weight, layer.bias.to(type))
                                            : at::linear(in, layer.weight);
        out.push_back(wide ? y.to(wide_of(y)) : y);
    }
    return out;
}

NormedSum add_norm(const at::Tensor& x, const at::Tensor& written, const at::Tensor& factors,
                   const at::Tensor& weight, const at::Tensor& bias, double eps) {
    const auto added = written.defined() && factors.defined() ? written * factors : written;
    const auto sum = !added.defined() ? x : x.defined() ? x + added : added;
    return {sum, at::layer_norm(sum, weight.sizes(), weight, bias, eps)};
}

at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
    const int64_t half = x.size(-1) / 2;
    const auto a = x.narrow(-1, 0, half), b = x.narrow(-1, half, half);
    const auto c = cos.unsqueeze(1), s = sin.unsqueeze(1);  // [T, 1, half]
    return at::cat({a * c - b * s, b * c + a * s}, -1).to(x.scalar_type());
}

at::Tensor masked_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const at::Tensor& factors) {
    const int64_t queries = q.size(2), keys = k.size(2);
    const auto scores =
        at::matmul(q, k.transpose(-1, -2)) / std::sqrt(static_cast<double>(q.size(-1)));
    const auto later =
        at::ones({queries, keys}, q.options().dtype(at::kBool)).triu(1 + keys - queries);
    const auto seen = scores.masked_fill(later, -std::numeric_limits<double>::infinity());
    return at::matmul(at::softmax(seen, -1) * factors, v);
}

ClassifierOut classifier(const at::Tensor& x, const at::Tensor& embed, const at::Tensor& targets) {
    const auto wide = wide_of(x);
    const auto logits = at::matmul(x.to(wide), embed.to(wide).t());
    const auto nll =
        -at::_log_softmax(logits, -1, false).gather(-1, targets.unsqueeze(-1)).squeeze(-1);
    return {nll.sum(), nll.detach()};
}

void adamw(at::Tensor param, const at::Tensor& grad, at::Tensor m, at::Tensor v, at::Tensor shadow,
           const AdamWStep& s) {
    const auto g = grad * s.grad_scale;
    param.mul_(1 - s.lr * s.weight_decay);
    m.mul_(s.beta1).add_(g, 1 - s.beta1);
    v.mul_(s.beta2).addcmul_(g, g, 1 - s.beta2);
    const double c1 = 1 - std::pow(s.beta1, static_cast<double>(s.t));
    const double c2 = 1 - std::pow(s.beta2, static_cast<double>(s.t));
    param.addcdiv_(m, v.sqrt() / std::sqrt(c2) + s.eps, -s.lr / c1);
    if (shadow.defined()) shadow.copy_(param);
}

}  // namespace hopscope::kernels::reference
