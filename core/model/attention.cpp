#include "core/model/attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
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

}  // namespace

double dropout(const ModelConfig& m, DropoutPlace place, bool train) {
    return train && m.drops(place) ? m.dropout : 0.0;
}

int64_t dropout_seed(double p) {
    if (p <= 0) return 0;
    return at::empty({}, at::TensorOptions().dtype(at::kLong)).random_().item().toLong();
}

at::Tensor attention(const ModelConfig& m, const LayerWeights& w, const at::Tensor& x,
                     int64_t batch, bool train, kernels::Form form) {
    const int64_t length = x.size(0) / batch, head_dim = m.d_model / m.n_heads;
    const auto heads = [&](const at::Tensor& y) {  // [B, T, heads, head_dim]
        return y.view({batch, length, m.n_heads, head_dim});
    };
    const auto r = rotation(length, head_dim, m.rope_theta, x.options());
    const auto read = kernels::linear(x, {{w.q, w.q_bias}, {w.k, w.k_bias}, {w.v, w.v_bias}},
                                      /*wide=*/false, form);
    const auto q = heads(read[0]), k = heads(read[1]), v = heads(read[2]);
    const auto turned = [&](const at::Tensor& y) { return kernels::rotate(y, r.cos, r.sin, form); };
    const double p = dropout(m, DropoutPlace::attention, train);
    const auto y = kernels::attention(turned(q).transpose(1, 2), turned(k).transpose(1, 2),
                                      v.transpose(1, 2), p, dropout_seed(p), form);
    return kernels::linear(y.transpose(1, 2).reshape({batch * length, m.d_model}),
                           {{w.o, w.o_bias}}, /*wide=*/true, form)[0];
}

}  // namespace hopscope::core
