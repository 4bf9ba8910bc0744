// Token-stationary experts: each pair (token, expert) is a few rows, some read and one written;
// nothing of size tokens × k × d exists. The weight gradients go through
// a reverse index (expert → its pairs in token order), so that no two threads write one row and the
// sum has one order. The kinds differ in how many rows of an expert read the token: none (fixed),
// one (mlp) or two (swiglu); one set of loops serves all of them.
#include "kernels/cpu/experts.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "kernels/cpu/loops.h"

namespace hopscope::kernels::cpu {
namespace {

constexpr int64_t kTokenGrain = 16;
constexpr int64_t kExpertGrain = 4;

/// Sizes and addresses of one pass.
template <class T>
struct Pass {
    int64_t tokens, k, r, d;
    int reads;  ///< tensors that read the token
    Slots slots;
    const int64_t* idx;
    const T *h, *write;
    std::array<const T*, 2> read;
    const T* w;

    int64_t per_group() const { return slots.count / slots.groups; }
    /// Where the row of rank i begins, counted from the first rank of `pair` on.
    int64_t row(int64_t pair, int64_t i) const { return (idx[pair + i / r] * r + i % r) * d; }
    /// Row of the token in the output (or its gradient) that slot `j` of the pass belongs to.
    int64_t out_row(int64_t j, int64_t t) const { return ((j / per_group()) * tokens + t) * d; }
};

template <class T>
HOPSCOPE_INLINE T sigmoid(T a) {
    const T small = exp_below_zero(a < 0 ? a : -a);
    return (a < 0 ? small : T(1)) / (T(1) + small);
}

/// What multiplies the written row: 1, SiLU(a) or SiLU(a)·b.
template <int kReads, class T>
HOPSCOPE_INLINE T activation(const T* pre) {
    if constexpr (kReads == 0) return T(1);
    if constexpr (kReads == 1) return pre[0] * sigmoid(pre[0]);
    if constexpr (kReads == 2) return pre[0] * sigmoid(pre[0]) * pre[1];
}

/// Its derivatives by the pre-activations.
template <int kReads, class T>
HOPSCOPE_INLINE void slopes(const T* pre, T* out) {
    if constexpr (kReads > 0) {
        const T a = pre[0], sig = sigmoid(a);
        out[0] = sig * (T(1) + a * (T(1) - sig));
        if constexpr (kReads == 2) {
            out[0] *= pre[1];
            out[1] = a * sig;
        }
    }
}

/// What a backward pass over tokens reads and writes beside its Pass.
template <class T>
struct TokenGrads {
    const T* pre;
    const T* grad;
    T *dh, *dw, *to;
};

/// So many tokens before their turn the weights' sums ask for their rows.
constexpr int kAhead = 16;

/// Rows that are added up, and what each is multiplied by.
template <class T>
struct Gathered {
    std::vector<const T*> rows;  ///< and kAhead at the end that are only asked for
    std::vector<T> by;

    /// @param any a row that is there, asked for behind the last
    Gathered(int64_t room, const T* any)
        : rows(static_cast<size_t>(room + kAhead), any), by(static_cast<size_t>(room)) {}
};

/// Rows of n ranks, from the first of `pair` on: those that read, side by side, and those that
/// write.
template <int kReads, class T>
HOPSCOPE_INLINE void read_rows(const Pass<T>& p, int64_t pair, int64_t n, const T** rows) {
    for (int64_t i = 0; i < n; ++i)
        for (int c = 0; c < kReads; ++c) rows[i * kReads + c] = p.read[c] + p.row(pair, i);
}
template <class T>
HOPSCOPE_INLINE void written_rows(const Pass<T>& p, int64_t pair, int64_t n, const T** rows) {
    for (int64_t i = 0; i < n; ++i) rows[i] = p.write + p.row(pair, i);
}

template <int kReads, class T>
HOPSCOPE_INLINE void forward_loop(const Pass<T>& p, bool have_pre, T* pre_all, T* out,
                                  Gathered<T>& room, int64_t lo, int64_t hi) {
    const int64_t each = p.per_group(), n = each * p.r;
    for (int64_t t = lo; t < hi; ++t)
        for (int64_t first = 0; first < p.slots.count; first += each) {
            const int64_t pair = t * p.k + p.slots.first + first;
            T* pre = pre_all + pair * p.r * kReads;
            if constexpr (kReads > 0)
                if (!have_pre) {
                    read_rows<kReads>(p, pair, n, room.rows.data());
                    dots_loop(p.h + t * p.d, room.rows.data(), n * kReads, p.d, pre);
                }
            for (int64_t i = 0; i < n; ++i)
                room.by[static_cast<size_t>(i)] =
                    p.w[pair + i / p.r] * activation<kReads>(pre + i * kReads);
            written_rows(p, pair, n, room.rows.data());
            add_rows_loop(out + p.out_row(first, t), 0, p.d, room.rows.data(), room.by.data(), n);
        }
}

/// Per token: dw, dh and the coefficients `to` (for the rows that read, then the one that writes)
/// of each pair and rank.
template <int kReads, class T>
HOPSCOPE_INLINE void backward_loop(const Pass<T>& p, const TokenGrads<T>& grads, Gathered<T>& room,
                                   int64_t lo, int64_t hi) {
    const int64_t each = p.per_group(), n = p.slots.count * p.r;
    const T** rows = room.rows.data();
    T *by = room.by.data(), *along = by + n * kReads;
    for (int64_t t = lo; t < hi; ++t) {
        const int64_t pair = t * p.k + p.slots.first;
        written_rows(p, pair, n, rows);
        for (int64_t j = 0; j < p.slots.count; j += each)
            dots_loop(grads.grad + p.out_row(j, t), rows + j * p.r, each * p.r, p.d,
                      along + j * p.r);
        std::fill_n(grads.dw + pair, p.slots.count, T(0));
        for (int64_t i = 0; i < n; ++i) {
            const int64_t of = pair + i / p.r, at = pair * p.r + i;
            const T* pre = grads.pre + at * kReads;
            T* to = grads.to + at * (kReads + 1);
            const T act = activation<kReads>(pre);
            std::array<T, 2> slope{};
            slopes<kReads>(pre, slope.data());
            grads.dw[of] += along[i] * act;
            to[kReads] = p.w[of] * act;
            for (size_t c = 0; c < kReads; ++c)
                by[i * kReads + static_cast<int64_t>(c)] = to[c] = along[i] * p.w[of] * slope[c];
        }
        if constexpr (kReads > 0) {
            read_rows<kReads>(p, pair, n, rows);
            add_rows_loop(grads.dh + t * p.d, 0, p.d, rows, by, n * kReads);
        }
    }
}

/// Pairs of each expert in rising token order: `first[e] … first[e + 1]` indexes `pairs` (values
/// t·k + slot).
struct ReverseIndex {
    std::vector<int64_t> first, pairs;
};

ReverseIndex reverse_index(const int64_t* idx, int64_t tokens, int64_t k, int64_t experts,
                           const Slots& slots) {
    ReverseIndex out;
    const auto each = [&](auto&& visit) {
        for (int64_t t = 0; t < tokens; ++t)
            for (int64_t j = 0; j < slots.count; ++j) visit(t * k + slots.first + j);
    };
    out.first.assign(static_cast<size_t>(experts + 1), 0);
    each([&](int64_t pair) { ++out.first[static_cast<size_t>(idx[pair] + 1)]; });
    for (size_t e = 0; e < static_cast<size_t>(experts); ++e) out.first[e + 1] += out.first[e];
    out.pairs.resize(static_cast<size_t>(tokens * slots.count));
    auto next = out.first;
    each([&](int64_t pair) {
        out.pairs[static_cast<size_t>(next[static_cast<size_t>(idx[pair])]++)] = pair;
    });
    return out;
}

template <class T>
struct WeightGrads {
    std::array<T*, 2> read;
    T* write;
};

/// Columns at a time: those of all tokens stay in the cache, whatever expert reads them.
constexpr int64_t kColumns = 128;

/// Gradients of rank q of the experts lo … hi − 1. Each sums its pairs in rising token order.
template <int kReads, class T>
HOPSCOPE_INLINE void weight_loop(const Pass<T>& p, const ReverseIndex& rev, const T* grad,
                                 const T* to_all, const WeightGrads<T>& out, int64_t lo,
                                 int64_t hi) {
    const int64_t begin = rev.first[static_cast<size_t>(lo)],
                  pairs = rev.first[static_cast<size_t>(hi)] - begin;
    Gathered<T> written(pairs, grad);
    std::array<Gathered<T>, 2> read{Gathered<T>(kReads > 0 ? pairs : 0, p.h),
                                    Gathered<T>(kReads > 1 ? pairs : 0, p.h)};
    for (int64_t q = 0; q < p.r; ++q) {
        for (int64_t i = 0; i < pairs; ++i) {
            const int64_t pair = rev.pairs[static_cast<size_t>(begin + i)], t = pair / p.k;
            const T* to = to_all + (pair * p.r + q) * (kReads + 1);
            const auto at = static_cast<size_t>(i);
            written.rows[at] = grad + p.out_row(pair - t * p.k - p.slots.first, t);
            written.by[at] = to[kReads];
            for (size_t c = 0; c < kReads; ++c) {
                read[c].rows[at] = p.h + t * p.d;
                read[c].by[at] = to[c];
            }
        }
        for (int64_t column = 0; column < p.d; column += kColumns)
            for (int64_t e = lo; e < hi; ++e) {
                const int64_t row = (e * p.r + q) * p.d, end = std::min(column + kColumns, p.d);
                const auto first = static_cast<size_t>(rev.first[static_cast<size_t>(e)] - begin);
                const int64_t count =
                    rev.first[static_cast<size_t>(e + 1)] - rev.first[static_cast<size_t>(e)];
                const auto add = [&](T* y, const Gathered<T>& from) {
                    add_rows_loop<kAhead>(y, column, end, from.rows.data() + first,
                                          from.by.data() + first, count);
                };
                add(out.write + row, written);
                for (size_t c = 0; c < kReads; ++c) add(out.read[c] + row, read[c]);
            }
    }
}

// The clones hold the whole switch: an instruction set reaches the loops only by inlining.
template <class T>
HOPSCOPE_INLINE void forward_any(const Pass<T>& p, bool have_pre, T* pre, T* out, int64_t lo,
                                 int64_t hi) {
    Gathered<T> room(p.slots.count * p.r * std::max(p.reads, 1), p.write);
    if (p.reads == 0) return forward_loop<0>(p, have_pre, pre, out, room, lo, hi);
    if (p.reads == 1) return forward_loop<1>(p, have_pre, pre, out, room, lo, hi);
    forward_loop<2>(p, have_pre, pre, out, room, lo, hi);
}
HOPSCOPE_CLONES void forward_rows(const Pass<float>& p, bool have_pre, float* pre, float* out,
                                  int64_t lo, int64_t hi) {
    forward_any(p, have_pre, pre, out, lo, hi);
}
void forward_rows(const Pass<double>& p, bool have_pre, double* pre, double* out, int64_t lo,
                  int64_t hi) {
    forward_any(p, have_pre, pre, out, lo, hi);
}

template <class T>
HOPSCOPE_INLINE void backward_any(const Pass<T>& p, const TokenGrads<T>& g, int64_t lo,
                                  int64_t hi) {
    Gathered<T> room(p.slots.count * p.r * (p.reads + 1), p.write);
    if (p.reads == 0) return backward_loop<0>(p, g, room, lo, hi);
    if (p.reads == 1) return backward_loop<1>(p, g, room, lo, hi);
    backward_loop<2>(p, g, room, lo, hi);
}
HOPSCOPE_CLONES void backward_rows(const Pass<float>& p, const TokenGrads<float>& g, int64_t lo,
                                   int64_t hi) {
    backward_any(p, g, lo, hi);
}
void backward_rows(const Pass<double>& p, const TokenGrads<double>& g, int64_t lo, int64_t hi) {
    backward_any(p, g, lo, hi);
}

template <class T>
HOPSCOPE_INLINE void weight_any(const Pass<T>& p, const ReverseIndex& rev, const T* grad,
                                const T* to, const WeightGrads<T>& out, int64_t lo, int64_t hi) {
    if (p.reads == 0) return weight_loop<0>(p, rev, grad, to, out, lo, hi);
    if (p.reads == 1) return weight_loop<1>(p, rev, grad, to, out, lo, hi);
    weight_loop<2>(p, rev, grad, to, out, lo, hi);
}
HOPSCOPE_CLONES void weight_rows(const Pass<float>& p, const ReverseIndex& rev, const float* grad,
                                 const float* to, const WeightGrads<float>& out, int64_t lo,
                                 int64_t hi) {
    weight_any(p, rev, grad, to, out, lo, hi);
}
void weight_rows(const Pass<double>& p, const ReverseIndex& rev, const double* grad,
                 const double* to, const WeightGrads<double>& out, int64_t lo, int64_t hi) {
    weight_any(p, rev, grad, to, out, lo, hi);
}

template <class T>
Pass<T> pass_of(const ExpertInput& in, const Slots& slots) {
    const auto read = readers(in.bank);
    const auto& write = in.bank.written();
    Pass<T> p{.tokens = in.idx.size(0),
              .k = in.idx.size(1),
              .r = write.dim() == 3 ? write.size(1) : 1,
              .d = write.size(-1),
              .reads = static_cast<int>(read.size()),
              .slots = slots,
              .idx = in.idx.const_data_ptr<int64_t>(),
              .h = read.empty() ? nullptr : in.h.const_data_ptr<T>(),
              .write = write.const_data_ptr<T>(),
              .read = {},
              .w = in.weight.const_data_ptr<T>()};
    for (size_t c = 0; c < read.size(); ++c) p.read[c] = read[c].const_data_ptr<T>();
    return p;
}

template <class T>
void forward(const ExpertInput& in, const Slots& slots, bool have_pre, at::Tensor& pre,
             at::Tensor& out) {
    const auto p = pass_of<T>(in, slots);
    T *pre_p = pre.mutable_data_ptr<T>(), *y = out.mutable_data_ptr<T>();
    at::parallel_for(0, p.tokens, kTokenGrain,
                     [&](int64_t lo, int64_t hi) { forward_rows(p, have_pre, pre_p, y, lo, hi); });
}

template <class T>
void backward(const ExpertInput& in, const Slots& slots, const at::Tensor& pre,
              const at::Tensor& grad, ExpertGrads& into) {
    const auto p = pass_of<T>(in, slots);
    at::Tensor to = at::empty({p.tokens, p.k, p.r, p.reads + 1}, in.weight.options());
    const T* gp = grad.const_data_ptr<T>();
    T* top = to.mutable_data_ptr<T>();
    const TokenGrads<T> tokens{.pre = pre.const_data_ptr<T>(),
                               .grad = gp,
                               .dh = p.reads > 0 ? into.h.mutable_data_ptr<T>() : nullptr,
                               .dw = into.weight.mutable_data_ptr<T>(),
                               .to = top};
    at::parallel_for(0, p.tokens, kTokenGrain,
                     [&](int64_t lo, int64_t hi) { backward_rows(p, tokens, lo, hi); });
    WeightGrads<T> out{.read = {}, .write = into.bank.written().mutable_data_ptr<T>()};
    const auto read = readers(into.bank);
    for (size_t c = 0; c < read.size(); ++c) out.read[c] = read[c].mutable_data_ptr<T>();
    const int64_t experts = in.bank.written().size(0);
    const auto rev = reverse_index(p.idx, p.tokens, p.k, experts, slots);
    at::parallel_for(0, experts, kExpertGrain,
                     [&](int64_t lo, int64_t hi) { weight_rows(p, rev, gp, top, out, lo, hi); });
}

}  // namespace

std::vector<at::Tensor> readers(const ExpertBank& bank) {
    if (bank.kind == ExpertKind::fixed) return {};
    if (bank.kind == ExpertKind::mlp) return {bank.down};
    return {bank.gate, bank.down};
}

at::Tensor experts_pre(const ExpertInput& in) {
    const auto& write = in.bank.written();
    return at::empty({in.idx.size(0), in.idx.size(1), write.dim() == 3 ? write.size(1) : 1,
                      static_cast<int64_t>(readers(in.bank).size())},
                     in.weight.options());
}

ExpertGrads zero_grads(const ExpertInput& in) {
    const auto zero = [](const at::Tensor& x) { return x.defined() ? at::zeros_like(x) : x; };
    const auto& b = in.bank;
    return {zero(in.h),
            zero(in.weight),
            {b.kind, zero(b.gate), zero(b.down), zero(b.up), zero(b.value)}};
}

void experts_forward(const ExpertInput& in, const Slots& slots, bool have_pre, at::Tensor& pre,
                     at::Tensor& out) {
    out.scalar_type() == at::kDouble ? forward<double>(in, slots, have_pre, pre, out)
                                     : forward<float>(in, slots, have_pre, pre, out);
}

void experts_backward(const ExpertInput& in, const Slots& slots, const at::Tensor& pre,
                      const at::Tensor& grad, ExpertGrads& into) {
    grad.scalar_type() == at::kDouble ? backward<double>(in, slots, pre, grad, into)
                                      : backward<float>(in, slots, pre, grad, into);
}

}  // namespace hopscope::kernels::cpu
