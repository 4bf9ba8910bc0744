// Causal attention with dropout on its probabilities, in blocks of queries. Forward keeps q, k, v
// and one number, the seed: the backward pass makes each block's probabilities and its dropout mask
// again. The mask of an entry is a function of seed and place alone, so it depends neither on
// threads nor on the size of a block.
#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/_softmax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <cmath>
#include <limits>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cpu/loops.h"
#include "kernels/ops.h"
#include "kernels/reference/reference.h"
#include "kernels/types.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Queries a block: with 8 sequences of 16 heads over 512 keys a block of scores is 17 MB.
constexpr int64_t kBlock = 64;

/// The finaliser of splitmix64: every bit of the result depends on every bit of x.
HOPSCOPE_INLINE uint64_t mixed(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

template <class T>
HOPSCOPE_INLINE void fill_loop(T* out, int64_t n, uint64_t key, uint64_t below, T kept) {
    for (int64_t i = 0; i < n; ++i)
        out[i] = (mixed(key + static_cast<uint64_t>(i)) >> 32) < below ? T(0) : kept;
}
HOPSCOPE_CLONES void fill_row(float* out, int64_t n, uint64_t key, uint64_t below, float kept) {
    fill_loop(out, n, key, below, kept);
}
void fill_row(double* out, int64_t n, uint64_t key, uint64_t below, double kept) {
    fill_loop(out, n, key, below, kept);
}

struct Block {
    int64_t begin, size, keys;  ///< queries [begin, begin + size) see keys [0, keys)
};

/// 0 where an entry is dropped, else 1 / (1 − p): [B, heads, size, keys].
Tensor dropout_factors(const Tensor& like, const Block& b, int64_t length, double p,
                       uint64_t seed) {
    auto out = at::empty({like.size(0), like.size(1), b.size, b.keys}, like.options());
    const auto below = static_cast<uint64_t>(std::llround(p * 0x1p32));
    AT_DISPATCH_FLOATING_TYPES(like.scalar_type(), "dropout_factors", [&] {
        auto* data = out.mutable_data_ptr<scalar_t>();
        const auto kept = static_cast<scalar_t>(1 / (1 - p));
        at::parallel_for(0, out.numel() / b.keys, 16, [&](int64_t from, int64_t to) {
            for (int64_t row = from; row < to; ++row) {
                const int64_t query = row / b.size * length + b.begin + row % b.size;
                const auto key = mixed(seed ^ mixed(static_cast<uint64_t>(query)));
                fill_row(data + row * b.keys, b.keys, key, below, kept);
            }
        });
    });
    return out;
}

/// Softmax over the keys that each query of the block may see; scale is in q already.
Tensor probabilities(const Tensor& q, const Tensor& k, const Block& b) {
    auto scores = at::matmul(q, k.narrow(2, 0, b.keys).transpose(-1, -2));
    const auto later =
        at::full({b.size, b.size}, -std::numeric_limits<double>::infinity(), scores.options())
            .triu_(1);
    scores.narrow(-1, b.begin, b.size).add_(later);
    return at::_softmax(scores, -1, false);
}

template <class F>
void each_block(int64_t length, const F& f) {
    for (int64_t begin = 0; begin < length; begin += kBlock) {
        const int64_t size = std::min(kBlock, length - begin);
        f(Block{begin, size, begin + size});
    }
}

double scale_of(const Tensor& q) {
    return 1 / std::sqrt(static_cast<double>(q.size(-1)));
}

class DropoutAttentionNode : public torch::autograd::Function<DropoutAttentionNode> {
  public:
    static Tensor forward(AutogradContext* ctx, const Tensor& q, const Tensor& k, const Tensor& v,
                          double p, int64_t seed) {
        ctx->save_for_backward({q, k, v});
        ctx->saved_data["p"] = p;
        ctx->saved_data["seed"] = seed;
        auto out = at::empty_like(q, at::MemoryFormat::Contiguous);
        each_block(q.size(2), [&](const Block& b) {
            auto a = probabilities(q.narrow(2, b.begin, b.size) * scale_of(q), k, b);
            a.mul_(dropout_factors(q, b, q.size(2), p, static_cast<uint64_t>(seed)));
            out.narrow(2, b.begin, b.size).copy_(at::matmul(a, v.narrow(2, 0, b.keys)));
        });
        return out;
    }

    static variable_list backward(AutogradContext* ctx, variable_list grads) {
        const auto saved = ctx->get_saved_variables();
        const auto &q = saved[0], &k = saved[1], &v = saved[2];
        const double p = ctx->saved_data["p"].toDouble(), scale = scale_of(q);
        const auto seed = static_cast<uint64_t>(ctx->saved_data["seed"].toInt());
        auto dq = at::empty_like(q, at::MemoryFormat::Contiguous);
        auto dk = at::zeros_like(k, at::MemoryFormat::Contiguous);
        auto dv = at::zeros_like(v, at::MemoryFormat::Contiguous);
        each_block(q.size(2), [&](const Block& b) {
            const auto queries = q.narrow(2, b.begin, b.size) * scale;
            const auto g = grads[0].narrow(2, b.begin, b.size);
            const auto a = probabilities(queries, k, b);
            const auto factors = dropout_factors(q, b, q.size(2), p, seed);
            dv.narrow(2, 0, b.keys).add_(at::matmul((a * factors).transpose(-1, -2), g));
            auto da = at::matmul(g, v.narrow(2, 0, b.keys).transpose(-1, -2)).mul_(factors);
            // softmax: ds = a (da − Σ a da)
            da.sub_((da * a).sum(-1, true)).mul_(a);
            dq.narrow(2, b.begin, b.size).copy_(at::matmul(da, k.narrow(2, 0, b.keys)) * scale);
            dk.narrow(2, 0, b.keys).add_(at::matmul(da.transpose(-1, -2), queries));
        });
        return {dq, dk, dv, Tensor(), Tensor()};
    }
};

}  // namespace

Tensor dropout_attention(const Tensor& q, const Tensor& k, const Tensor& v, double p, int64_t seed,
                         Form form) {
    if (const auto wide = wide_of(q); wide != q.scalar_type())
        return dropout_attention(q.to(wide), k.to(wide), v.to(wide), p, seed, form)
            .to(q.scalar_type());
    if (form == Form::fused)  // each block reads a part of the keys: a view would be copied there
        return DropoutAttentionNode::apply(q.contiguous(), k.contiguous(), v.contiguous(), p, seed);
    const Block all{0, q.size(2), q.size(2)};
    const auto factors = dropout_factors(q, all, q.size(2), p, static_cast<uint64_t>(seed));
    return reference::masked_attention(q, k, v, factors);
}

}  // namespace hopscope::kernels
