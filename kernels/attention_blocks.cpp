#include "kernels/attention_blocks.h"

#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <cmath>

namespace hopscope::kernels {
namespace {

/// Queries a block: enough of them for products at speed, while half of the scores beyond the
/// diagonal are never made.
constexpr int64_t kQueries = 128;

/// [B, heads, T, n] → [B · heads, T, n].
at::Tensor flat(const at::Tensor& x) {
    return x.reshape({x.size(0) * x.size(1), x.size(2), x.size(3)}).contiguous();
}

/// f(block) for the blocks in their order.
template <class F>
void each_block(const BlocksInput& in, const F& f) {
    const int64_t heads = in.q.size(0) * in.q.size(1), length = in.q.size(2);
    const double scale = 1 / std::sqrt(static_cast<double>(in.q.size(3)));
    for (int64_t begin = 0; begin < length; begin += kQueries) {
        const int64_t size = std::min(kQueries, length - begin);
        f(ScoreBlock{heads, size, begin + size, begin, length, scale, in.dropout});
    }
}

/// Room for the scores of the largest block; [heads, size, keys] of one at its beginning.
at::Tensor room_for_scores(const BlocksInput& in) {
    const int64_t length = in.q.size(2);
    return at::empty({in.q.size(0) * in.q.size(1) * std::min(kQueries, length) * length},
                     in.q.options());
}
at::Tensor scores_of(const at::Tensor& room, const ScoreBlock& b) {
    return room.narrow(0, 0, b.heads * b.size * b.keys).view({b.heads, b.size, b.keys});
}

}  // namespace

BlocksOut attention_by_blocks(const BlocksInput& in, const ScoreKernels& kernels) {
    const auto q = flat(in.q), k = flat(in.k), v = flat(in.v);
    const auto room = room_for_scores(in);
    auto out = at::empty(q.sizes(), q.options());
    const auto lse = at::empty({q.size(0), q.size(1)}, q.options());
    each_block(in, [&](const ScoreBlock& b) {
        auto scores = scores_of(room, b);
        at::bmm_out(scores, q.narrow(1, b.begin, b.size), k.narrow(1, 0, b.keys).transpose(1, 2));
        auto own_lse = lse.narrow(1, b.begin, b.size);
        kernels.forward(b, scores, own_lse);
        out.narrow(1, b.begin, b.size).copy_(at::bmm(scores, v.narrow(1, 0, b.keys)));
    });
    return {out.view(in.q.sizes()), lse};
}

std::array<at::Tensor, 3> attention_by_blocks_gradient(const BlocksInput& in, const at::Tensor& lse,
                                                       const at::Tensor& dout,
                                                       const ScoreKernels& kernels) {
    const auto q = flat(in.q), k = flat(in.k), v = flat(in.v), g = flat(dout);
    const auto room = room_for_scores(in), other_room = at::empty(room.sizes(), room.options());
    auto dq = at::zeros_like(q), dk = at::zeros_like(q), dv = at::zeros_like(q);
    each_block(in, [&](const ScoreBlock& b) {
        const auto queries = q.narrow(1, b.begin, b.size), grads = g.narrow(1, b.begin, b.size);
        const auto keys = k.narrow(1, 0, b.keys);
        auto scores = scores_of(room, b), along = scores_of(other_room, b);
        at::bmm_out(scores, queries, keys.transpose(1, 2));
        at::bmm_out(along, grads, v.narrow(1, 0, b.keys).transpose(1, 2));
        kernels.backward(b, scores, along, lse.narrow(1, b.begin, b.size));
        dq.narrow(1, b.begin, b.size).copy_(at::bmm(along, keys));
        dk.narrow(1, 0, b.keys).baddbmm_(along.transpose(1, 2), queries);
        dv.narrow(1, 0, b.keys).baddbmm_(scores.transpose(1, 2), grads);
    });
    return {dq.view(in.q.sizes()), dk.view(in.q.sizes()), dv.view(in.q.sizes())};
}

}  // namespace hopscope::kernels
