// Attention of bf16 numbers by products of pairs, sums and softmax in fp32. The backward pass works
// on transposed scores (a row for each key), so that what it makes of them is the first factor of
// the next product as it stands.
#include "kernels/cpu/attention_bf16.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <limits>
#include <vector>

#include "kernels/cpu/attention_blocks.h"
#include "kernels/cpu/packed.h"

namespace hopscope::kernels::cpu {
namespace {

using c10::BFloat16;
using Block = QueryBlock<float>;

template <class T>
std::vector<T> room(int64_t n) {
    return std::vector<T>(static_cast<size_t>(n));
}

struct WeightRows {
    Block block;
    Strided<float> scores;
    Strided<BFloat16> taken;  ///< of the same sizes, zero behind what a query sees
    float *factor, *lse;      ///< [block]
};

HOPSCOPE_CLONES void visit(const WeightRows& r) {
    for (int64_t row = 0; row < r.block.size; ++row) {
        const int64_t n = r.block.begin + row + 1;
        float* s = r.scores.data + row * r.scores.stride;
        BFloat16* to = r.taken.data + row * r.taken.stride;
        for (int64_t i = 0; i < n; ++i) s[i] *= r.block.scale;
        r.factor[row] = exponentials(r.block, row, n, s, r.lse[row]);
        round_row(s, to, n);
        for (int64_t i = n; i < r.taken.stride; ++i) to[i] = BFloat16(0);
    }
}

struct Output {
    Strided<const float> sums;
    Strided<BFloat16> out;
    const float* factor;
    int64_t rows, dim;
};

HOPSCOPE_CLONES void visit(const Output& o) {
    for (int64_t row = 0; row < o.rows; ++row)
        for (int64_t i = 0; i < o.dim; ++i)
            o.out.data[row * o.out.stride + i] =
                static_cast<BFloat16>(o.sums.data[row * o.sums.stride + i] * o.factor[row]);
}

/// What a block's queries are known by: a number each, of no effect where there is no query.
struct Queries {
    float lse[kQueries];
    float mean[kQueries];  ///< Σ p a of the query over its keys, a as below
    uint64_t key[kQueries];

    Queries(const Block& b, const float* of_block) {
        for (int64_t i = 0; i < kQueries; ++i) {
            const bool is = i < b.size;
            lse[i] = is ? of_block[i] : std::numeric_limits<float>::infinity();
            key[i] = is ? b.mask.key(b.query + i) : 0;
            mean[i] = 0;
        }
    }
};

/// Of a block, a row of kQueries numbers for each key: scores and `along` (<gradient, v>) become
/// the weights that v was added with, and the gradient of the scores before their scale,
/// p (a − Σ p a), as first factors and once more packed.
struct PullRows {
    Block block;
    Queries* queries;
    float *scores, *along;
    BFloat16 *taken, *pulls, *packed;
};

/// Scores become p, along what dropout leaves of it, and their products are added to the means.
template <bool kDrops>
HOPSCOPE_INLINE void weights_of_key(const PullRows& r, int64_t key) {
    const Block& b = r.block;
    Queries& q = *r.queries;
    float *p = r.scores + key * kQueries, *a = r.along + key * kQueries, taken[kQueries];
    for (int64_t i = 0; i < kQueries; ++i) p[i] = exp_below_zero(p[i] * b.scale - q.lse[i]);
    // Queries before the key do not see it.
    for (int64_t i = 0; i < std::min(key - b.begin, kQueries); ++i) p[i] = 0;
    for (int64_t i = 0; i < kQueries; ++i) {
        float kept = 1;
        if constexpr (kDrops) kept = b.mask.drops(q.key[i], key) ? 0.0f : b.mask.kept;
        taken[i] = p[i] * kept;
        a[i] *= kept;
        q.mean[i] += p[i] * a[i];
    }
    round_row(taken, r.taken + key * kQueries, kQueries);
}

template <bool kDrops>
HOPSCOPE_INLINE void pull_rows(const PullRows& r) {
    const int64_t keys = r.block.keys;
    for (int64_t key = 0; key < keys; ++key) weights_of_key<kDrops>(r, key);
    float pulls[kPackedPair][kQueries] = {};
    for (int64_t key = 0; key < keys; key += kPackedPair) {
        for (int64_t one = 0; one < kPackedPair; ++one) {
            const float *p = r.scores + (key + one) * kQueries,
                        *a = r.along + (key + one) * kQueries;
            const bool is = key + one < keys;
            for (int64_t i = 0; i < kQueries; ++i)
                pulls[one][i] = is ? p[i] * (a[i] - r.queries->mean[i]) * r.block.scale : 0.0f;
            if (is) round_row(pulls[one], r.pulls + (key + one) * kQueries, kQueries);
        }
        BFloat16* to = r.packed + key * kQueries;
        for (int64_t i = 0; i < kQueries; ++i) {
            to[kPackedPair * i] = static_cast<BFloat16>(pulls[0][i]);
            to[kPackedPair * i + 1] = static_cast<BFloat16>(pulls[1][i]);
        }
    }
}

HOPSCOPE_CLONES void visit(const PullRows& r) {
    r.block.mask.below > 0 ? pull_rows<true>(r) : pull_rows<false>(r);
}

static_assert(kQueries == kPackedColumns, "a block of scores is one block of a packed factor");

/// Room of one thread for the backward pass of a head.
struct BackwardRoom {
    std::vector<float> scores, along, of_q, of_k, of_v;
    std::vector<BFloat16> taken, pulls, packed_pulls, queries, gradient, queries_turned,
        gradient_turned, keys_turned, narrow_of_q;

    explicit BackwardRoom(const AttentionSizes& z)
        : scores(room<float>(padded_rows(z.length) * kQueries)),
          along(scores),
          of_q(room<float>(z.dim * kQueries)),
          of_k(room<float>(z.length * z.dim)),
          of_v(of_k),
          taken(room<BFloat16>(z.length * kQueries)),
          pulls(taken),
          packed_pulls(room<BFloat16>(padded_rows(z.length) * kQueries)),
          queries(room<BFloat16>(packed_size(kQueries, z.dim))),
          gradient(queries),
          queries_turned(room<BFloat16>(packed_size(z.dim, kQueries))),
          gradient_turned(queries_turned),
          keys_turned(room<BFloat16>(z.dim * padded_rows(z.length))),
          narrow_of_q(room<BFloat16>(z.dim * kQueries)) {}
};

/// One head: its rows of q, k, v and of the gradient of what came out.
struct Head {
    Strided<const BFloat16> q, k, v, gradient;
};

void backward_block(const Block& b, const Head& head, const float* lse, int64_t dim,
                    BackwardRoom& r, Strided<BFloat16> dq) {
    const auto rows_of = [&](const Strided<const BFloat16>& x) {
        return Strided<const BFloat16>{x.data + b.begin * x.stride, x.stride};
    };
    const auto q = rows_of(head.q), g = rows_of(head.gradient);
    pack({q.data, q.stride}, b.size, dim, r.queries.data());
    pack({g.data, g.stride}, b.size, dim, r.gradient.data());
    pack({q.data, q.stride, true}, dim, b.size, r.queries_turned.data());
    pack({g.data, g.stride, true}, dim, b.size, r.gradient_turned.data());
    // All kQueries columns: those of no query are zero in a packed factor.
    pair_product(b.keys, kQueries, dim, head.k, {r.queries_turned.data(), dim}, false,
                 {r.scores.data(), kQueries});
    pair_product(b.keys, kQueries, dim, head.v, {r.gradient_turned.data(), dim}, false,
                 {r.along.data(), kQueries});
    Queries queries(b, lse + b.query);
    visit(PullRows{b, &queries, r.scores.data(), r.along.data(), r.taken.data(), r.pulls.data(),
                   r.packed_pulls.data()});
    pair_product(b.keys, dim, b.size, {r.taken.data(), kQueries}, {r.gradient.data(), b.size}, true,
                 {r.of_v.data(), dim});
    pair_product(b.keys, dim, b.size, {r.pulls.data(), kQueries}, {r.queries.data(), b.size}, true,
                 {r.of_k.data(), dim});
    const int64_t stride = static_cast<int64_t>(r.keys_turned.size()) / dim;
    pair_product(dim, kQueries, b.keys, {r.keys_turned.data(), stride},
                 {r.packed_pulls.data(), b.keys}, false, {r.of_q.data(), kQueries});
    round_rows({r.of_q.data(), kQueries}, {r.narrow_of_q.data(), kQueries}, dim, kQueries);
    transpose(r.narrow_of_q.data(), kQueries, dim, b.size, dq.data + b.begin * dq.stride,
              dq.stride);
}

}  // namespace

bool takes_attention_bf16(const at::Tensor& q) {
    return has_pair_products() && q.size(-1) % kPackedPair == 0;
}

void attention_bf16(const AttentionInput& in, const AttentionOut& out) {
    const AttentionSizes z(in.q);
    const Heads<const BFloat16> q(in.q), k(in.k), v(in.v);
    const Heads<BFloat16> to(out.out);
    auto* lse = out.lse.mutable_data_ptr<float>();
    at::parallel_for(0, z.batch * z.heads, 1, [&](int64_t lo, int64_t hi) {
        auto keys = room<BFloat16>(packed_size(z.dim, z.length)),
             values = room<BFloat16>(packed_size(z.length, z.dim)),
             taken = room<BFloat16>(z.block() * padded_rows(z.length));
        auto scores = room<float>(z.block() * z.length), sums = room<float>(z.block() * z.dim),
             factor = room<float>(z.block());
        each_head(z, lo, hi, [&](int64_t batch, int64_t head) {
            pack({k.head(batch, head), k.row, true}, z.dim, z.length, keys.data());
            pack({v.head(batch, head), v.row}, z.length, z.dim, values.data());
            each_block<float>(z, batch, head, in.dropout, [&](const Block& b) {
                const int64_t width = padded_rows(b.keys);
                pair_product(b.size, b.keys, z.dim, {q.head(batch, head) + b.begin * q.row, q.row},
                             {keys.data(), z.dim}, false, {scores.data(), b.keys});
                visit(WeightRows{b,
                                 {scores.data(), b.keys},
                                 {taken.data(), width},
                                 factor.data(),
                                 lse + b.query});
                pair_product(b.size, z.dim, b.keys, {taken.data(), width},
                             {values.data(), z.length}, false, {sums.data(), z.dim});
                visit(Output{{sums.data(), z.dim},
                             {to.head(batch, head) + b.begin * to.row, to.row},
                             factor.data(),
                             b.size,
                             z.dim});
            });
        });
        end_pair_products();
    });
}

void attention_gradient_bf16(const AttentionInput& in, const at::Tensor& lse,
                             const at::Tensor& dout, const std::array<at::Tensor, 3>& into) {
    const AttentionSizes z(in.q);
    const Heads<const BFloat16> q(in.q), k(in.k), v(in.v), gradient(dout);
    const Heads<BFloat16> dq(into[0]), dk(into[1]), dv(into[2]);
    const auto* of_query = lse.const_data_ptr<float>();
    at::parallel_for(0, z.batch * z.heads, 1, [&](int64_t lo, int64_t hi) {
        BackwardRoom r(z);
        each_head(z, lo, hi, [&](int64_t batch, int64_t head) {
            const auto rows_of = [&](const auto& x) {
                return Strided<std::remove_reference_t<decltype(*x.data)>>{x.head(batch, head),
                                                                           x.row};
            };
            const Head h{rows_of(q), rows_of(k), rows_of(v), rows_of(gradient)};
            std::fill(r.of_k.begin(), r.of_k.end(), 0.0f);
            std::fill(r.of_v.begin(), r.of_v.end(), 0.0f);
            transpose(h.k.data, h.k.stride, z.length, z.dim, r.keys_turned.data(),
                      padded_rows(z.length));
            each_block<float>(z, batch, head, in.dropout, [&](const Block& b) {
                backward_block(b, h, of_query, z.dim, r, rows_of(dq));
            });
            round_rows({r.of_k.data(), z.dim}, rows_of(dk), z.length, z.dim);
            round_rows({r.of_v.data(), z.dim}, rows_of(dv), z.length, z.dim);
        });
        end_pair_products();
    });
}

}  // namespace hopscope::kernels::cpu
