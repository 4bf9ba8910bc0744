#include "core/model/attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/sin.h>

#include "core/model/forward.h"
#include "kernels/ops.h"

namespace hopscope::core {
namespace {

struct Rotation {
    at::Tensor cos, sin;  // [T, head_dim / 2]
};

/// Angles in fp64, rounded once: the first token at position 0 [def:block].
Rotation rotation(int64_t length, int64_t head_dim, double theta, const at::TensorOptions& like) {
    const auto f64 = at::TensorOptions().dtype(at::kDouble);
    const auto exponent = at::arange(0, head_dim, 2, f64) / static_cast<double>(head_dim);
    const auto angle = at::outer(at::arange(length, f64), at::pow(theta, -exponent));
    return {at::cos(angle).to(like), at::sin(angle).to(like)};
}

/// (a, b) → (a cos − b sin, b cos + a sin), a the first half of each head. x [B, heads, T,
/// head_dim].
at::Tensor rotate(const at::Tensor& x, const Rotation& r) {
    const int64_t half = x.size(-1) / 2;
    const auto a = x.narrow(-1, 0, half), b = x.narrow(-1, half, half);
    return at::cat({a * r.cos - b * r.sin, b * r.cos + a * r.sin}, -1);
}

/// What each query reads [B, heads, T, head_dim], dropping probabilities with chance p.
at::Tensor mixed(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double p,
                 kernels::Form form) {
    if (p > 0 && q.is_cpu()) {
        const auto seed = at::empty({}, at::TensorOptions().dtype(at::kLong)).random_();
        const auto wide = q.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
        return kernels::dropout_attention(q.to(wide), k.to(wide), v.to(wide), p,
                                          seed.item().toLong(), form)
            .to(q.scalar_type());
    }
    return at::scaled_dot_product_attention(q, k, v, {}, p, /*is_causal=*/true);
}

}  // namespace

at::Tensor attention(const ModelConfig& m, const LayerWeights& w, const at::Tensor& x,
                     int64_t batch, bool train, kernels::Form form) {
    const int64_t length = x.size(0) / batch, head_dim = m.d_model / m.n_heads;
    const auto heads = [&](const at::Tensor& y) {
        return y.view({batch, length, m.n_heads, head_dim})
            .transpose(1, 2);  // [B, heads, T, head_dim]
    };
    const auto r = rotation(length, head_dim, m.rope_theta, x.options());
    const auto q = heads(linear(x, w.q, w.q_bias)), k = heads(linear(x, w.k, w.k_bias));
    const auto v = heads(linear(x, w.v, w.v_bias));
    const auto type = v.scalar_type();
    const double p = train && m.drops(DropoutPlace::attention) ? m.dropout : 0.0;
    const auto y = mixed(rotate(q, r).to(type), rotate(k, r).to(type), v, p, form);
    return linear(y.transpose(1, 2).reshape({batch * length, m.d_model}), w.o, w.o_bias);
}

}  // namespace hopscope::core
