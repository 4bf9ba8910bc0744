// What routing does to the scores of one token: the k best, the softmax and its gradient. Inlined
// into the clones of the kernels that walk over rows.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/cpu/loops.h"

namespace hopscope::kernels::cpu {

/// The k largest of a row by insertion; a later equal score never passes an earlier one, so ties
/// keep the lowest index. `best` [k] gets the scores.
template <class T>
HOPSCOPE_INLINE void top_k_by_insertion(const T* s, int64_t m, int64_t k, int64_t* idx, T* best) {
    int64_t held = 0;
    for (int64_t i = 0; i < m; ++i) {
        const T x = s[i];
        if (held == k && !(x > best[k - 1])) continue;
        int64_t at = held < k ? held++ : k - 1;
        for (; at > 0 && x > best[at - 1]; --at) {
            best[at] = best[at - 1];
            idx[at] = idx[at - 1];
        }
        best[at] = x;
        idx[at] = i;
    }
}

/// A number that at least k of the row reach, and few more: the k-th largest of the largest of
/// every kLanes-th. NaN counts as nothing.
template <int kLanes, class T>
HOPSCOPE_INLINE T reached_by_k(const T* s, int64_t m, int64_t k) {
    T top[kLanes];
    for (int j = 0; j < kLanes; ++j) top[j] = -std::numeric_limits<T>::infinity();
    for (int64_t i = 0; i + kLanes <= m; i += kLanes)
        for (int j = 0; j < kLanes; ++j) top[j] = s[i + j] > top[j] ? s[i + j] : top[j];
    int32_t above[kLanes] = {};
    for (int i = 0; i < kLanes; ++i)
        for (int j = 0; j < kLanes; ++j) above[j] += static_cast<int32_t>(top[i] > top[j]);
    for (int j = 0; j < kLanes; ++j)
        top[j] = above[j] < k ? -top[j] : -std::numeric_limits<T>::infinity();
    return -max_loop(top, kLanes);
}

/// Which of 32 numbers reach `least`, a bit each.
template <class T>
HOPSCOPE_INLINE uint32_t bits_of_reached(const T* s, T least) {
    constexpr int kHalf = 16;
    uint32_t bits[kHalf];
    for (int j = 0; j < kHalf; ++j)
        bits[j] = (s[j] >= least ? 1u << j : 0u) | (s[j + kHalf] >= least ? 1u << (j + kHalf) : 0u);
    Lanes<uint32_t> all(bits);
    all.fold<8, Either>();
    all.fold<4, Either>();
    all.fold<2, Either>();
    all.fold<1, Either>();
    return all.numbers[0];
}

/// The same k as by insertion, without a branch on each score: few of a row reach a bound, and
/// their places are counted. Where more reach it, as where many are equal, insertion is left to do
/// it.
template <class T>
HOPSCOPE_INLINE void top_k_row(const T* s, int64_t m, int64_t k, int64_t* idx, T* best) {
    constexpr int kLanes = 32, kMost = 64;
    if (2 * k > kLanes || m < 2 * kLanes) return top_k_by_insertion(s, m, k, idx, best);
    const T least = reached_by_k<kLanes>(s, m, k);
    int32_t at[kMost + kLanes];
    int64_t found = 0, begin = 0;
    for (; begin + kLanes <= m && found <= kMost; begin += kLanes)
        for (uint32_t bits = bits_of_reached(s + begin, least); bits != 0; bits &= bits - 1)
            at[found++] = static_cast<int32_t>(begin) + std::countr_zero(bits);
    for (; begin < m && found <= kMost; ++begin)
        if (s[begin] >= least) at[found++] = static_cast<int32_t>(begin);
    if (found < k || found > kMost) return top_k_by_insertion(s, m, k, idx, best);
    T value[kMost];
    int32_t place[kMost] = {};
    for (int64_t i = 0; i < found; ++i) value[i] = s[at[i]];
    for (int64_t i = 0; i < found; ++i) {
        for (int64_t j = 0; j <= i; ++j) place[j] += static_cast<int32_t>(value[i] > value[j]);
        for (int64_t j = i + 1; j < found; ++j)
            place[j] += static_cast<int32_t>(value[i] >= value[j]);
    }
    for (int64_t j = 0; j < found; ++j)
        if (place[j] < k) {
            best[place[j]] = value[j];
            idx[place[j]] = at[j];
        }
}

/// Entropy in nats and largest probability of a softmax.
template <class T>
struct Spread {
    T entropy, max_p;
};

/// `s` [m] becomes its softmax. A row of nothing but −inf gives NaN, as the formula does. `e` [m]
/// is room for the row.
template <class T>
HOPSCOPE_INLINE Spread<T> softmax_row(T* s, T* e, int64_t m) {
    const auto [top, sum] = exp_loop(s, e, m);
    // Σ e^x x over a row of x ≤ 0; a chance of 0 has no part in it.
    const T weighted = sum_loop<T>(
        m, [s, e, most = top](int64_t i) { return e[i] > 0 ? e[i] * (s[i] - most) : T(0); });
    const T inverse = T(1) / sum;
    for (int64_t i = 0; i < m; ++i) s[i] = e[i] * inverse;
    return {std::log(sum) - weighted * inverse, inverse};
}

/// What reaches the probabilities of one token from behind.
template <class T>
struct FromBehind {
    const int64_t* idx;  ///< [k]
    const T* weight;     ///< [k]
    const T* dweight;    ///< [k]; null: none
    const T* dmean;      ///< [M] of mean_p, divided by T; null: none
    int64_t k;
    bool renormalise;
};

/// Scores `p` [m] become their gradient.
template <class T>
HOPSCOPE_INLINE void score_gradient_row(T* p, int64_t m, const FromBehind<T>& from) {
    const T inverse = T(1) / exp_loop(p, p, m).sum;
    for (int64_t i = 0; i < m; ++i) p[i] *= inverse;
    T chosen = 0;  // Σ over the chosen of weight times its gradient
    for (int64_t j = 0; from.dweight && j < from.k; ++j) chosen += from.weight[j] * from.dweight[j];
    // p_i (g_i − Σ p g) with g the gradient at p: of mean_p at all, of a weight that is a
    // probability at the chosen.
    const T back =
        (from.dmean ? dot_loop(p, from.dmean, m) : T(0)) + (from.renormalise ? T(0) : chosen);
    if (from.dmean)
        for (int64_t i = 0; i < m; ++i) p[i] *= from.dmean[i] - back;
    else
        for (int64_t i = 0; i < m; ++i) p[i] *= -back;
    // Renormalised weights are the softmax over the k chosen scores alone.
    for (int64_t j = 0; from.dweight && j < from.k; ++j)
        p[from.idx[j]] += from.weight[j] * (from.dweight[j] - (from.renormalise ? chosen : T(0)));
}

}  // namespace hopscope::kernels::cpu
