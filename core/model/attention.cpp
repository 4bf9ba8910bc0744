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
namespace {}  // namespace

double dropout(const ModelConfig& m, DropoutPlace place, bool train) {
    return train && m.drops(place) ? m.dropout : 0.0;
}

int64_t dropout_seed(double p) {
    if (p <= 0) return 0;
    return at::empty({}, at::TensorOptions().dtype(at::kLong)).random_().item().toLong();
}

Rotation rotation(const ModelConfig& m, int64_t first, int64_t length,
                  const at::TensorOptions& like) {
    const auto f64 = at::TensorOptions().dtype(at::kDouble);
    const int64_t head_dim = m.d_model / m.n_heads;
    const auto exponent = at::arange(0, head_dim, 2, f64) / static_cast<double>(head_dim);
    const auto angle =
        at::outer(at::arange(first, first + length, f64), at::pow(m.rope_theta, -exponent));
    return {at::cos(angle).to(like), at::sin(angle).to(like)};
}

at::Tensor attention(const ModelConfig& m, const LayerWeights& w, const at::Tensor& x,
                     const AttentionPass& pass) {
    const int64_t length = x.size(0) / pass.batch, head_dim = m.d_model / m.n_heads;
    const auto heads = [&](const at::Tensor& y) {  // [B, T, heads, head_dim]
        return y.view({pass.batch, length, m.n_heads, head_dim});
    };
    const auto turned = [&](const at::Tensor& y) {  // [B, heads, T, head_dim]
        return kernels::rotate(y, pass.rotation.cos, pass.rotation.sin, pass.form).transpose(1, 2);
    };
    const auto read = kernels::linear(x, {{w.q, w.q_bias}, {w.k, w.k_bias}, {w.v, w.v_bias}},
                                      /*wide=*/false, pass.form);
    auto q = turned(heads(read[0])), k = turned(heads(read[1]));
    auto v = heads(read[2]).transpose(1, 2);
    if (pass.past) {
        const auto all = pass.past->append(pass.layer, k, v);
        // The first pass goes on with what it has made: it is the pass without a past, bit for bit.
        if (pass.past->length() > 0) q = q.to(all.k.scalar_type()), k = all.k, v = all.v;
    }
    const double p = dropout(m, DropoutPlace::attention, pass.train);
    const auto y = kernels::attention(q, k, v, p, dropout_seed(p), pass.form);
    return kernels::linear(y.transpose(1, 2).reshape({pass.batch * length, m.d_model}),
                           {{w.o, w.o_bias}}, /*wide=*/true, pass.form)[0];
}

}  // namespace hopscope::core
