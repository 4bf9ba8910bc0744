#include "kernels/cpu/attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <c10/util/BFloat16.h>
#include <cmath>
#include <type_traits>
#include <vector>

#include "kernels/cpu/gemm.h"
#include "kernels/cpu/loops.h"
#include "kernels/types.h"

namespace hopscope::kernels::cpu {
namespace {

/// Queries a block: their scores over 1,024 keys are 256 KB.
constexpr int64_t kBlock = 64;

/// Queries [begin, begin + size) of one head, which see keys [0, keys); `query` is the number of
/// the first among those of all heads. Rows of scores lie `keys` apart.
template <class W>
struct Block {
    int64_t begin, size, keys, query;
    W scale;
    Mask<W> mask;
};

template <class T, class W>
HOPSCOPE_INLINE void put_row(const W* from, T* to, int64_t n, int64_t width) {
    for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(from[i]);
    for (int64_t i = n; i < width; ++i) to[i] = T(0);
}

/// Scores become e^(score − largest) without what is dropped, in `taken` (which may be the same
/// memory); `factor` is what a row of output is then multiplied by.
template <class T, class W>
struct ForwardRows {
    Block<W> block;
    W* scores;
    T* taken;
    W *factor, *lse;
};
template <class T, class W>
HOPSCOPE_INLINE void forward_rows(const ForwardRows<T, W>& r) {
    const Block<W>& b = r.block;
    for (int64_t row = 0; row < b.size; ++row) {
        const int64_t n = b.begin + row + 1;
        W* s = r.scores + row * b.keys;
        const auto [top, sum] = exp_loop(s, s, n);
        r.factor[row] = b.mask.kept / sum;
        r.lse[row] = top + std::log(sum);
        if (b.mask.below > 0) {
            const uint64_t key = b.mask.key(b.query + row);
            for (int64_t i = 0; i < n; ++i) s[i] = b.mask.drops(key, i) ? W(0) : s[i];
        }
        put_row(s, r.taken + row * b.keys, n, b.keys);
    }
}

/// Scores become the weights that v was added with, `along` (<gradient, v>) the gradient of the
/// scores before their scale: p (a − Σ p a). `taken` and `pulls` may be the same memory as these.
template <class T, class W>
struct BackwardRows {
    Block<W> block;
    W *scores, *along;
    const W* lse;
    T *taken, *pulls;
};
template <class T, class W>
HOPSCOPE_INLINE void backward_rows(const BackwardRows<T, W>& r) {
    const Block<W>& b = r.block;
    for (int64_t row = 0; row < b.size; ++row) {
        const int64_t n = b.begin + row + 1;
        W *s = r.scores + row * b.keys, *a = r.along + row * b.keys;
        for (int64_t i = 0; i < n; ++i) s[i] = exp_below_zero(s[i] - r.lse[row]);
        const uint64_t key = b.mask.key(b.query + row);
        if (b.mask.below > 0)
            for (int64_t i = 0; i < n; ++i) a[i] = b.mask.drops(key, i) ? W(0) : a[i] * b.mask.kept;
        const W mean = dot_loop(s, a, n);
        for (int64_t i = 0; i < n; ++i) a[i] = s[i] * (a[i] - mean) * b.scale;
        if (b.mask.below > 0)
            for (int64_t i = 0; i < n; ++i) s[i] = b.mask.drops(key, i) ? W(0) : s[i] * b.mask.kept;
        put_row(s, r.taken + row * b.keys, n, b.keys);
        put_row(a, r.pulls + row * b.keys, n, b.keys);
    }
}

HOPSCOPE_CLONES void visit(const ForwardRows<float, float>& r) {
    forward_rows(r);
}
HOPSCOPE_CLONES void visit(const ForwardRows<c10::BFloat16, float>& r) {
    forward_rows(r);
}
void visit(const ForwardRows<double, double>& r) {
    forward_rows(r);
}
HOPSCOPE_CLONES void visit(const BackwardRows<float, float>& r) {
    backward_rows(r);
}
HOPSCOPE_CLONES void visit(const BackwardRows<c10::BFloat16, float>& r) {
    backward_rows(r);
}
void visit(const BackwardRows<double, double>& r) {
    backward_rows(r);
}

/// One tensor [B, heads, T, head_dim] as heads of rows.
template <class T>
struct Heads {
    T* data;
    int64_t of_batch, of_head, row;

    explicit Heads(const at::Tensor& x)
        : data(static_cast<T*>(x.data_ptr())),
          of_batch(x.stride(0)),
          of_head(x.stride(1)),
          row(x.stride(2)) {}
    T* head(int64_t batch, int64_t head) const { return data + batch * of_batch + head * of_head; }
};

struct Sizes {
    int64_t batch, heads, length, dim;
    explicit Sizes(const at::Tensor& q)
        : batch(q.size(0)), heads(q.size(1)), length(q.size(2)), dim(q.size(3)) {}
};

/// f(batch, head) for each head of the thread's share.
template <class F>
void each_head(const Sizes& z, int64_t lo, int64_t hi, const F& f) {
    for (int64_t i = lo; i < hi; ++i) f(i / z.heads, i % z.heads);
}

template <class W, class F>
void each_block(const Sizes& z, int64_t batch, int64_t head, const Dropout& dropout, const F& f) {
    const W scale = static_cast<W>(1 / std::sqrt(static_cast<double>(z.dim)));
    for (int64_t begin = 0; begin < z.length; begin += kBlock) {
        const int64_t size = std::min(kBlock, z.length - begin);
        f(Block<W>{begin, size, begin + size, (batch * z.heads + head) * z.length + begin, scale,
                   Mask<W>::of(dropout)});
    }
}

/// Room of one thread for numbers of type T that are made of those of type W, or the same memory.
template <class T, class W>
class Narrowed {
  public:
    explicit Narrowed(std::vector<W>& wide) {
        if constexpr (!std::is_same_v<T, W>)
            own_.resize(wide.size());
        else
            shared_ = wide.data();
    }
    T* data() { return shared_ ? shared_ : own_.data(); }

  private:
    std::vector<T> own_;
    T* shared_ = nullptr;
};

size_t count(int64_t n) {
    return static_cast<size_t>(n);
}

template <class T, class W>
void forward(const AttentionInput& in, const AttentionOut& out) {
    const Sizes z(in.q);
    const Heads<const T> q(in.q), k(in.k), v(in.v);
    const Heads<T> to(out.out);
    W* lse = out.lse.mutable_data_ptr<W>();
    at::parallel_for(0, z.batch * z.heads, 1, [&](int64_t lo, int64_t hi) {
        const int64_t most = std::min(kBlock, z.length);
        std::vector<W> scores(count(most * z.length)), factor(count(most)),
            sum(count(most * z.dim));
        Narrowed<T, W> taken(scores);
        each_head(z, lo, hi, [&](int64_t batch, int64_t head) {
            each_block<W>(z, batch, head, in.dropout, [&](const Block<W>& b) {
                product({b.size, b.keys, z.dim}, b.scale,
                        Factor<T>{q.head(batch, head) + b.begin * q.row, q.row},
                        Factor<T>{k.head(batch, head), k.row, true}, W(0), scores.data(), b.keys);
                visit(ForwardRows<T, W>{b, scores.data(), taken.data(), factor.data(),
                                        lse + b.query});
                product({b.size, z.dim, b.keys}, W(1), Factor<T>{taken.data(), b.keys},
                        Factor<T>{v.head(batch, head), v.row}, W(0), sum.data(), z.dim);
                for (int64_t row = 0; row < b.size; ++row) {
                    T* o = to.head(batch, head) + (b.begin + row) * to.row;
                    const W* from = sum.data() + row * z.dim;
                    for (int64_t i = 0; i < z.dim; ++i)
                        o[i] = static_cast<T>(from[i] * factor[count(row)]);
                }
            });
        });
    });
}

template <class T, class W>
void put_rows(const std::vector<W>& from, T* to, int64_t row, int64_t begin, int64_t rows,
              int64_t dim) {
    for (int64_t t = 0; t < rows; ++t)
        put_row(from.data() + t * dim, to + (begin + t) * row, dim, dim);
}

template <class T, class W>
void backward(const AttentionInput& in, const at::Tensor& lse, const at::Tensor& dout,
              const std::array<at::Tensor, 3>& out) {
    const Sizes z(in.q);
    const Heads<const T> q(in.q), k(in.k), v(in.v), g(dout);
    const Heads<T> dq(out[0]), dk(out[1]), dv(out[2]);
    const W* of_query = lse.const_data_ptr<W>();
    at::parallel_for(0, z.batch * z.heads, 1, [&](int64_t lo, int64_t hi) {
        const int64_t most = std::min(kBlock, z.length);
        std::vector<W> scores(count(most * z.length)), along(scores.size());
        std::vector<W> of_q(count(most * z.dim)), of_k(count(z.length * z.dim)), of_v(of_k.size());
        Narrowed<T, W> taken(scores), pulls(along);
        each_head(z, lo, hi, [&](int64_t batch, int64_t head) {
            std::fill(of_k.begin(), of_k.end(), W(0));
            std::fill(of_v.begin(), of_v.end(), W(0));
            each_block<W>(z, batch, head, in.dropout, [&](const Block<W>& b) {
                const Factor<T> queries{q.head(batch, head) + b.begin * q.row, q.row},
                    gradient{g.head(batch, head) + b.begin * g.row, g.row},
                    keys{k.head(batch, head), k.row}, values{v.head(batch, head), v.row};
                product({b.size, b.keys, z.dim}, b.scale, queries,
                        Factor<T>{keys.data, keys.stride, true}, W(0), scores.data(), b.keys);
                product({b.size, b.keys, z.dim}, W(1), gradient,
                        Factor<T>{values.data, values.stride, true}, W(0), along.data(), b.keys);
                visit(BackwardRows<T, W>{b, scores.data(), along.data(), of_query + b.query,
                                         taken.data(), pulls.data()});
                product({b.keys, z.dim, b.size}, W(1), Factor<T>{taken.data(), b.keys, true},
                        gradient, W(1), of_v.data(), z.dim);
                product({b.keys, z.dim, b.size}, W(1), Factor<T>{pulls.data(), b.keys, true},
                        queries, W(1), of_k.data(), z.dim);
                product({b.size, z.dim, b.keys}, W(1), Factor<T>{pulls.data(), b.keys}, keys, W(0),
                        of_q.data(), z.dim);
                put_rows(of_q, dq.head(batch, head), dq.row, b.begin, b.size, z.dim);
            });
            put_rows(of_k, dk.head(batch, head), dk.row, 0, z.length, z.dim);
            put_rows(of_v, dv.head(batch, head), dv.row, 0, z.length, z.dim);
        });
    });
}

/// [B, heads, T, head_dim] that lies in memory as the projections write it.
at::Tensor like_projections(const at::Tensor& q) {
    return at::empty({q.size(0), q.size(2), q.size(1), q.size(3)}, q.options()).transpose(1, 2);
}

/// Calls f.operator()<T, W>() with the type of x and the one that its sums are made in.
template <class F>
void by_type(const at::Tensor& x, const F& f) {
    if (x.scalar_type() == at::kDouble) return f.template operator()<double, double>();
    if (x.scalar_type() == at::kBFloat16) return f.template operator()<c10::BFloat16, float>();
    f.template operator()<float, float>();
}

}  // namespace

AttentionOut attention(const AttentionInput& in) {
    const AttentionOut out{
        like_projections(in.q),
        at::empty({in.q.size(0), in.q.size(1), in.q.size(2)}, in.q.options().dtype(wide_of(in.q)))};
    by_type(in.q, [&]<class T, class W>() { forward<T, W>(in, out); });
    return out;
}

std::array<at::Tensor, 3> attention_gradient(const AttentionInput& in, const at::Tensor& lse,
                                             const at::Tensor& dout) {
    std::array<at::Tensor, 3> out = {like_projections(in.q), like_projections(in.k),
                                     like_projections(in.v)};
    by_type(in.q, [&]<class T, class W>() { backward<T, W>(in, lse, dout, out); });
    return out;
}

}  // namespace hopscope::kernels::cpu
