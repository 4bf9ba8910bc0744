#include "kernels/cpu/route.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/cpu/loops.h"

namespace hopscope::kernels::cpu {
namespace {

constexpr int64_t kGrain = 16;

/// The k largest of a row by insertion; a later equal score never passes an earlier one, so ties
/// keep the lowest index.
template <class T>
HOPSCOPE_INLINE void top_k_row(const T* s, int64_t m, int64_t k, int64_t* idx, T* best) {
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

/// Softmax in place; returns entropy and largest probability. A row of nothing but −inf gives NaN,
/// as the formula does.
template <class T>
HOPSCOPE_INLINE void softmax_row(T* s, int64_t m, T* entropy, T* max_p) {
    T top = -std::numeric_limits<T>::infinity();
    for (int64_t i = 0; i < m; ++i) top = s[i] > top ? s[i] : top;
    T sum = 0, weighted = 0;
    for (int64_t i = 0; i < m; ++i) {
        const T shifted = s[i] - top, e = std::exp(shifted);
        sum += e;
        weighted += e > 0 ? e * shifted : T(0);
        s[i] = e;
    }
    const T inverse = T(1) / sum;
    for (int64_t i = 0; i < m; ++i) s[i] *= inverse;
    *entropy = std::log(sum) - weighted * inverse;
    *max_p = inverse;
}

template <class T>
ScoreRows run(at::Tensor& scores, int64_t k) {
    const int64_t tokens = scores.size(0), m = scores.size(1);
    ScoreRows out{at::empty({tokens, k}, scores.options().dtype(at::kLong)),
                  at::empty({tokens, k}, scores.options()), at::empty({tokens}, scores.options()),
                  at::empty({tokens}, scores.options())};
    T *s = scores.mutable_data_ptr<T>(), *top = out.top_p.template mutable_data_ptr<T>();
    T *entropy = out.entropy.template mutable_data_ptr<T>(),
      *max_p = out.max_p.template mutable_data_ptr<T>();
    auto* idx = out.idx.template mutable_data_ptr<int64_t>();
    at::parallel_for(0, tokens, kGrain, [&](int64_t lo, int64_t hi) {
        std::vector<T> best(static_cast<size_t>(k));
        for (int64_t t = lo; t < hi; ++t) {
            top_k_row(s + t * m, m, k, idx + t * k, best.data());
            softmax_row(s + t * m, m, entropy + t, max_p + t);
            for (int64_t j = 0; j < k; ++j) top[t * k + j] = s[t * m + idx[t * k + j]];
        }
    });
    return out;
}

template <class T>
at::Tensor choose_rows(const at::Tensor& keys, int64_t k) {
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

at::Tensor top_k(const at::Tensor& keys, int64_t k) {
    return keys.scalar_type() == at::kDouble ? choose_rows<double>(keys, k)
                                             : choose_rows<float>(keys, k);
}

ScoreRows softmax_top_k(at::Tensor& scores, int64_t k) {
    return scores.scalar_type() == at::kDouble ? run<double>(scores, k) : run<float>(scores, k);
}

}  // namespace hopscope::kernels::cpu
