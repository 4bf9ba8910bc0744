// How attention's work is cut: heads, and of each head blocks of queries, whose scores stay in the
// cache. Values and pure functions.
#pragma once

#include <ATen/core/Tensor.h>
#include <algorithm>
#include <cmath>

#include "kernels/cpu/dropout.h"
#include "kernels/cpu/loops.h"

namespace hopscope::kernels::cpu {

/// Queries a block: their scores over 1,024 keys are 256 KB.
inline constexpr int64_t kQueries = 64;

/// Queries [begin, begin + size) of one head, which see keys [0, keys); `query` is the number of
/// the first among those of all heads.
template <class W>
struct QueryBlock {
    int64_t begin, size, keys, query;
    W scale;
    Mask<W> mask;
};

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

struct AttentionSizes {
    int64_t batch, heads, length, dim;
    explicit AttentionSizes(const at::Tensor& q)
        : batch(q.size(0)), heads(q.size(1)), length(q.size(2)), dim(q.size(3)) {}
    int64_t block() const { return std::min(kQueries, length); }
};

/// f(batch, head) for each head of the thread's share.
template <class F>
void each_head(const AttentionSizes& z, int64_t lo, int64_t hi, const F& f) {
    for (int64_t i = lo; i < hi; ++i) f(i / z.heads, i % z.heads);
}

/// f(block) for each block of queries of a head.
template <class W, class F>
void each_block(const AttentionSizes& z, int64_t batch, int64_t head, const Dropout& dropout,
                const F& f) {
    const W scale = static_cast<W>(1 / std::sqrt(static_cast<double>(z.dim)));
    for (int64_t begin = 0; begin < z.length; begin += kQueries) {
        const int64_t size = std::min(kQueries, z.length - begin);
        f(QueryBlock<W>{begin, size, begin + size, (batch * z.heads + head) * z.length + begin,
                        scale, Mask<W>::of(dropout)});
    }
}

/// A row of scores, of which n are seen, becomes e^(score − largest) without what is dropped.
/// @param lse log Σ e^score
/// @return    what a row of output is then multiplied by
template <class W>
HOPSCOPE_INLINE W exponentials(const QueryBlock<W>& b, int64_t row, int64_t n, W* s, W& lse) {
    const auto [top, sum] = exp_loop(s, s, n);
    lse = top + std::log(sum);
    if (b.mask.below > 0) {
        const uint64_t key = b.mask.key(b.query + row);
        for (int64_t i = 0; i < n; ++i) s[i] = b.mask.drops(key, i) ? W(0) : s[i];
    }
    return b.mask.kept / sum;
}

}  // namespace hopscope::kernels::cpu
