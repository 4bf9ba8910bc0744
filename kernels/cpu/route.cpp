#include "kernels/cpu/route.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/route_block.h"
#include "kernels/cpu/score_rows.h"
#include "kernels/ops.h"

namespace hopscope::kernels::cpu {
namespace {

/// to = x / max(‖x‖, ε), → the divisor.
template <class T>
HOPSCOPE_INLINE T unit_row(T* x, int64_t n) {
    const T norm = std::max(std::sqrt(dot_loop(x, x, n)), static_cast<T>(kNormEps));
    for (int64_t i = 0; i < n; ++i) x[i] /= norm;
    return norm;
}

template <class T>
struct PositionPass {
    T *pos, *norm, *first_pos, *first_norm;
    MaybeRows<T> delta;
    int64_t s;
};
template <class T>
HOPSCOPE_INLINE void position_loop(const PositionPass<T>& p, int64_t lo, int64_t hi) {
    for (int64_t t = lo; t < hi; ++t) {
        T* pos = p.pos + t * p.s;
        p.norm[t] = unit_row(pos, p.s);
        const T* delta = p.delta.row(t);
        if (!delta) continue;
        p.first_norm[t] = p.norm[t];
        std::copy_n(pos, p.s, p.first_pos + t * p.s);
        for (int64_t i = 0; i < p.s; ++i) pos[i] += delta[i];
        p.norm[t] = unit_row(pos, p.s);
    }
}
HOPSCOPE_CLONES void position_rows(const PositionPass<float>& p, int64_t lo, int64_t hi) {
    position_loop(p, lo, hi);
}
void position_rows(const PositionPass<double>& p, int64_t lo, int64_t hi) {
    position_loop(p, lo, hi);
}

/// From scores to choices, a block of tokens.
template <class T>
struct ChoicePass {
    Strided<T> scores;  ///< cosines of the block; used up
    MaybeRows<T> bias;
    int64_t* idx;
    T *weight, *entropy, *max_p;
    T* sum_p;  ///< [M] of the block
    T* room;   ///< [M]
    int64_t m, k;
    T tau;
    bool renormalise;
};
template <class T>
HOPSCOPE_INLINE void choice_loop(const ChoicePass<T>& p, int64_t lo, int64_t hi) {
    std::fill_n(p.sum_p, p.m, T(0));
    for (int64_t t = lo; t < hi; ++t) {
        T *s = p.scores.data + (t - lo) * p.scores.stride, *weight = p.weight + t * p.k;
        int64_t* idx = p.idx + t * p.k;
        bias_row(s, s, p.bias.row(t), p.tau, p.m);
        top_k_row(s, p.m, p.k, idx, weight);
        const auto spread = softmax_row(s, p.room, p.m);
        p.entropy[t] = spread.entropy;
        p.max_p[t] = spread.max_p;
        T sum = 0;
        for (int64_t j = 0; j < p.k; ++j) sum += weight[j] = s[idx[j]];
        for (int64_t j = 0; p.renormalise && j < p.k; ++j) weight[j] /= sum;
        for (int64_t i = 0; i < p.m; ++i) p.sum_p[i] += s[i];
    }
}
HOPSCOPE_CLONES void choice_rows(const ChoicePass<float>& p, int64_t lo, int64_t hi) {
    choice_loop(p, lo, hi);
}
void choice_rows(const ChoicePass<double>& p, int64_t lo, int64_t hi) {
    choice_loop(p, lo, hi);
}

template <class T>
CosineRows forward(const CosineInput& in) {
    const Sizes n(in);
    const auto like = in.h.options();
    CosineRows out;
    out.idx = at::empty({n.tokens, in.k}, like.dtype(at::kLong));
    out.weight = at::empty({n.tokens, in.k}, like);
    out.entropy = at::empty({n.tokens}, like);
    out.max_p = at::empty({n.tokens}, like);
    out.norm = at::empty({n.tokens, 1}, like);
    out.pos = n.projects ? at::empty({n.tokens, n.s}, like) : in.h.clone();
    if (in.pos_delta.defined()) {
        out.first_pos = at::empty({n.tokens, n.s}, like);
        out.first_norm = at::empty({n.tokens, 1}, like);
    }
    const auto proj = n.projects ? spread_rows(in.proj.t()) : at::Tensor();
    const auto unit = spread_rows(in.unit.t());
    const int64_t blocks = blocks_of(n.tokens);
    const auto sums = at::empty({blocks, n.m}, like);

    const PositionPass<T> positions{data_of<T>(out.pos),        data_of<T>(out.norm),
                                    data_of<T>(out.first_pos),  data_of<T>(out.first_norm),
                                    MaybeRows<T>(in.pos_delta), n.s};
    const T tau = in.tau.item<T>();
    at::parallel_for(0, blocks, 1, [&](int64_t first, int64_t last) {
        const auto made = spread_rows(kRouteBlock, n.m, like);
        std::vector<T> room(static_cast<size_t>(n.m));
        const Strided<T> scores{static_cast<T*>(made.data_ptr()), made.stride(0)};
        for (int64_t block = first; block < last; ++block) {
            const int64_t lo = block * kRouteBlock, hi = std::min(lo + kRouteBlock, n.tokens);
            T* pos = positions.pos + lo * n.s;
            if (n.projects)
                row_product<T>({hi - lo, n.s, n.d}, {in.h.const_data_ptr<T>() + lo * n.d, n.d},
                               rows_of<T>(proj), /*add=*/false, {pos, n.s});
            position_rows(positions, lo, hi);
            row_product<T>({hi - lo, n.m, n.s}, {pos, n.s}, rows_of<T>(unit), /*add=*/false,
                           scores);
            choice_rows(
                ChoicePass<T>{scores, MaybeRows<T>(in.score_bias), data_of<int64_t>(out.idx),
                              data_of<T>(out.weight), data_of<T>(out.entropy),
                              data_of<T>(out.max_p), data_of<T>(sums) + block * n.m, room.data(),
                              n.m, in.k, tau, in.renormalise},
                lo, hi);
        }
    });
    out.mean_p = sums.sum(0).div_(n.tokens);
    return out;
}

template <class T>
at::Tensor choose_rows(const at::Tensor& keys, int64_t k) {
    constexpr int64_t kGrain = 16;
    const int64_t tokens = keys.size(0), m = keys.size(1);
    auto out = at::empty({tokens, k}, keys.options().dtype(at::kLong));
    const T* s = keys.const_data_ptr<T>();
    auto* idx = out.mutable_data_ptr<int64_t>();
    at::parallel_for(0, tokens, kGrain, [&](int64_t lo, int64_t hi) {
        std::vector<T> best(static_cast<size_t>(k));
        for (int64_t t = lo; t < hi; ++t) top_k_row(s + t * m, m, k, idx + t * k, best.data());
    });
    return out;
}

}  // namespace

CosineRows route(const CosineInput& input) {
    return input.h.scalar_type() == at::kDouble ? forward<double>(input) : forward<float>(input);
}

at::Tensor top_k(const at::Tensor& keys, int64_t k) {
    return keys.scalar_type() == at::kDouble ? choose_rows<double>(keys, k)
                                             : choose_rows<float>(keys, k);
}

}  // namespace hopscope::kernels::cpu
