#include "kernels/cpu/attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <vector>

#include "kernels/cpu/attention_bf16.h"
#include "kernels/cpu/attention_blocks.h"
#include "kernels/cpu/gemm.h"
#include "kernels/types.h"

namespace hopscope::kernels::cpu {
namespace {

/// Scores, rows of which lie `keys` apart, become e^(score − largest) without what is dropped;
/// `factor` is what a row of output is then multiplied by.
template <class W>
struct SoftmaxRows {
    QueryBlock<W> block;
    W *scores, *factor, *lse;
};
template <class W>
HOPSCOPE_INLINE void softmax_rows(const SoftmaxRows<W>& r) {
    const auto& b = r.block;
    for (int64_t row = 0; row < b.size; ++row) {
        const int64_t n = b.begin + row + 1;
        W* s = r.scores + row * b.keys;
        r.factor[row] = exponentials(b, row, n, s, r.lse[row]);
        std::fill(s + n, s + b.keys, W(0));
    }
}

/// Scores become the weights that v was added with, `along` (<gradient, v>) the gradient of the
/// scores before their scale: p (a − Σ p a).
template <class W>
struct SoftmaxPulls {
    QueryBlock<W> block;
    W *scores, *along;
    const W* lse;
    W* kept;  ///< [keys] room: what dropout multiplies each entry of a row by
};
template <class W>
HOPSCOPE_INLINE void softmax_pulls(const SoftmaxPulls<W>& r) {
    const auto& b = r.block;
    const bool drops = b.mask.below > 0;
    for (int64_t row = 0; row < b.size; ++row) {
        const int64_t n = b.begin + row + 1;
        W *s = r.scores + row * b.keys, *a = r.along + row * b.keys;
        for (int64_t i = 0; i < n; ++i) s[i] = exp_below_zero(s[i] - r.lse[row]);
        if (drops) {
            const uint64_t key = b.mask.key(b.query + row);
            for (int64_t i = 0; i < n; ++i) r.kept[i] = b.mask.drops(key, i) ? W(0) : b.mask.kept;
            for (int64_t i = 0; i < n; ++i) a[i] = r.kept[i] == W(0) ? W(0) : a[i] * r.kept[i];
        }
        const W mean = dot_loop(s, a, n);
        for (int64_t i = 0; i < n; ++i) a[i] = s[i] * (a[i] - mean) * b.scale;
        if (drops)
            for (int64_t i = 0; i < n; ++i) s[i] = r.kept[i] == W(0) ? W(0) : s[i] * r.kept[i];
        std::fill(s + n, s + b.keys, W(0));
        std::fill(a + n, a + b.keys, W(0));
    }
}

HOPSCOPE_CLONES void visit(const SoftmaxRows<float>& r) {
    softmax_rows(r);
}
void visit(const SoftmaxRows<double>& r) {
    softmax_rows(r);
}
HOPSCOPE_CLONES void visit(const SoftmaxPulls<float>& r) {
    softmax_pulls(r);
}
void visit(const SoftmaxPulls<double>& r) {
    softmax_pulls(r);
}

size_t count(int64_t n) {
    return static_cast<size_t>(n);
}

template <class W>
void forward(const AttentionInput& in, const AttentionOut& out) {
    const AttentionSizes z(in.q);
    const Heads<const W> q(in.q), k(in.k), v(in.v);
    const Heads<W> to(out.out);
    W* lse = out.lse.mutable_data_ptr<W>();
    at::parallel_for(0, z.batch * z.heads, 1, [&](int64_t lo, int64_t hi) {
        std::vector<W> scores(count(z.block() * z.length)), factor(count(z.block()));
        each_head(z, lo, hi, [&](int64_t batch, int64_t head) {
            each_block<W>(z, batch, head, in.dropout, [&](const QueryBlock<W>& b) {
                product({b.size, b.keys, z.dim}, b.scale,
                        Factor<W>{q.head(batch, head) + b.begin * q.row, q.row},
                        Factor<W>{k.head(batch, head), k.row, true}, W(0), scores.data(), b.keys);
                visit(SoftmaxRows<W>{b, scores.data(), factor.data(), lse + b.query});
                W* o = to.head(batch, head) + b.begin * to.row;
                product({b.size, z.dim, b.keys}, W(1), Factor<W>{scores.data(), b.keys},
                        Factor<W>{v.head(batch, head), v.row}, W(0), o, to.row);
                for (int64_t row = 0; row < b.size; ++row)
                    for (int64_t i = 0; i < z.dim; ++i) o[row * to.row + i] *= factor[count(row)];
            });
        });
    });
}

template <class W>
void backward(const AttentionInput& in, const at::Tensor& lse, const at::Tensor& dout,
              const std::array<at::Tensor, 3>& out) {
    const AttentionSizes z(in.q);
    const Heads<const W> q(in.q), k(in.k), v(in.v), g(dout);
    const Heads<W> dq(out[0]), dk(out[1]), dv(out[2]);
    const W* of_query = lse.const_data_ptr<W>();
    at::parallel_for(0, z.batch * z.heads, 1, [&](int64_t lo, int64_t hi) {
        std::vector<W> scores(count(z.block() * z.length)), along(scores.size()),
            kept(count(z.length));
        each_head(z, lo, hi, [&](int64_t batch, int64_t head) {
            each_block<W>(z, batch, head, in.dropout, [&](const QueryBlock<W>& b) {
                const Factor<W> queries{q.head(batch, head) + b.begin * q.row, q.row},
                    gradient{g.head(batch, head) + b.begin * g.row, g.row},
                    keys{k.head(batch, head), k.row}, values{v.head(batch, head), v.row};
                product({b.size, b.keys, z.dim}, b.scale, queries,
                        Factor<W>{keys.data, keys.stride, true}, W(0), scores.data(), b.keys);
                product({b.size, b.keys, z.dim}, W(1), gradient,
                        Factor<W>{values.data, values.stride, true}, W(0), along.data(), b.keys);
                visit(SoftmaxPulls<W>{b, scores.data(), along.data(), of_query + b.query,
                                      kept.data()});
                // Of the keys that this block is the first to see, nothing has been added yet.
                const auto add = [&](const std::vector<W>& by, const Factor<W>& rows, W* to,
                                     int64_t stride) {
                    product({b.begin, z.dim, b.size}, W(1), Factor<W>{by.data(), b.keys, true},
                            rows, W(1), to, stride);
                    product({b.size, z.dim, b.size}, W(1),
                            Factor<W>{by.data() + b.begin, b.keys, true}, rows, W(0),
                            to + b.begin * stride, stride);
                };
                add(scores, gradient, dv.head(batch, head), dv.row);
                add(along, queries, dk.head(batch, head), dk.row);
                product({b.size, z.dim, b.keys}, W(1), Factor<W>{along.data(), b.keys}, keys, W(0),
                        dq.head(batch, head) + b.begin * dq.row, dq.row);
            });
        });
    });
}

/// [B, heads, T, head_dim] that lies in memory as the projections write it.
at::Tensor like_projections(const at::Tensor& q) {
    return at::empty({q.size(0), q.size(2), q.size(1), q.size(3)}, q.options()).transpose(1, 2);
}

}  // namespace

AttentionOut attention(const AttentionInput& in) {
    const AttentionOut out{
        like_projections(in.q),
        at::empty({in.q.size(0), in.q.size(1), in.q.size(2)}, in.q.options().dtype(wide_of(in.q)))};
    if (in.q.scalar_type() == at::kDouble)
        forward<double>(in, out);
    else if (in.q.scalar_type() == at::kBFloat16)
        attention_bf16(in, out);
    else
        forward<float>(in, out);
    return out;
}

std::array<at::Tensor, 3> attention_gradient(const AttentionInput& in, const at::Tensor& lse,
                                             const at::Tensor& dout) {
    std::array<at::Tensor, 3> into = {like_projections(in.q), like_projections(in.k),
                                      like_projections(in.v)};
    if (in.q.scalar_type() == at::kDouble)
        backward<double>(in, lse, dout, into);
    else if (in.q.scalar_type() == at::kBFloat16)
        attention_gradient_bf16(in, lse, dout, into);
    else
        backward<float>(in, lse, dout, into);
    return into;
}

}  // namespace hopscope::kernels::cpu
