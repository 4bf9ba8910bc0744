#include "kernels/cpu/route.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
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
/// as the formula does. `e` [m] is room for the row.
template <class T>
HOPSCOPE_INLINE void softmax_row(T* s, T* e, int64_t m, T* entropy, T* max_p) {
    const auto [top, sum] = exp_loop(s, e, m);
    // Σ e^x x over a row of x ≤ 0; a chance of 0 has no part in it.
    const T weighted = sum_loop<T>(
        m, [s, e, most = top](int64_t i) { return e[i] > 0 ? e[i] * (s[i] - most) : T(0); });
    const T inverse = T(1) / sum;
    for (int64_t i = 0; i < m; ++i) s[i] = e[i] * inverse;
    *entropy = std::log(sum) - weighted * inverse;
    *max_p = inverse;
}

template <class T>
struct ForwardRows {
    T* scores;
    int64_t* idx;
    T *top, *entropy, *max_p;
    int64_t m, k;
};

/// `room`: k and M entries of the thread's own.
template <class T>
HOPSCOPE_INLINE void forward_rows(const ForwardRows<T>& r, T* room, int64_t lo, int64_t hi) {
    T *best = room, *e = room + r.k;
    for (int64_t t = lo; t < hi; ++t) {
        T* s = r.scores + t * r.m;
        int64_t* idx = r.idx + t * r.k;
        top_k_row(s, r.m, r.k, idx, best);
        softmax_row(s, e, r.m, r.entropy + t, r.max_p + t);
        for (int64_t j = 0; j < r.k; ++j) r.top[t * r.k + j] = s[idx[j]];
    }
}
HOPSCOPE_CLONES void forward_clone(const ForwardRows<float>& r, float* room, int64_t lo,
                                   int64_t hi) {
    forward_rows(r, room, lo, hi);
}
void forward_clone(const ForwardRows<double>& r, double* room, int64_t lo, int64_t hi) {
    forward_rows(r, room, lo, hi);
}

template <class T>
ScoreRows run(at::Tensor& scores, int64_t k) {
    const int64_t tokens = scores.size(0), m = scores.size(1);
    ScoreRows out = room_for_rows(scores, k);
    T *s = scores.mutable_data_ptr<T>(), *top = out.top_p.template mutable_data_ptr<T>();
    T *entropy = out.entropy.template mutable_data_ptr<T>(),
      *max_p = out.max_p.template mutable_data_ptr<T>();
    auto* idx = out.idx.template mutable_data_ptr<int64_t>();
    const ForwardRows<T> rows{s, idx, top, entropy, max_p, m, k};
    at::parallel_for(0, tokens, kGrain, [&](int64_t lo, int64_t hi) {
        std::vector<T> room(static_cast<size_t>(k + m));
        forward_clone(rows, room.data(), lo, hi);
    });
    return out;
}

template <class T>
struct GradientRows {
    T* scores;
    const int64_t* idx;
    const T *weight, *dweight, *mean;  ///< `mean` [M]: gradient of mean_p over T; may be null
    double* dot;
    int64_t m, k;
    bool renormalise;
    T scale;
};

template <class T>
HOPSCOPE_INLINE void gradient_rows(const GradientRows<T>& r, T* p, int64_t lo, int64_t hi) {
    for (int64_t t = lo; t < hi; ++t) {
        T* s = r.scores + t * r.m;
        const T inverse = T(1) / exp_loop(s, p, r.m).sum;
        for (int64_t i = 0; i < r.m; ++i) p[i] *= inverse;
        const int64_t* idx = r.idx + t * r.k;
        const T *w = r.weight + t * r.k, *dw = r.dweight ? r.dweight + t * r.k : nullptr;
        T chosen = 0;  // Σ over the chosen of weight times its gradient
        for (int64_t j = 0; dw && j < r.k; ++j) chosen += w[j] * dw[j];
        // p_i (g_i − Σ p g) with g the gradient at p: of mean_p at all, of a weight that is a
        // probability at the chosen.
        const T back = (r.mean ? dot_loop(p, r.mean, r.m) : T(0)) + (r.renormalise ? T(0) : chosen);
        if (r.mean)
            for (int64_t i = 0; i < r.m; ++i) p[i] *= r.mean[i] - back;
        else
            for (int64_t i = 0; i < r.m; ++i) p[i] *= -back;
        // Renormalised weights are the softmax over the k chosen scores alone.
        for (int64_t j = 0; dw && j < r.k; ++j)
            p[idx[j]] += w[j] * (dw[j] - (r.renormalise ? chosen : T(0)));
        r.dot[t] = static_cast<double>(dot_loop(p, s, r.m));
        for (int64_t i = 0; i < r.m; ++i) s[i] = p[i] * r.scale;
    }
}
HOPSCOPE_CLONES void gradient_clone(const GradientRows<float>& r, float* p, int64_t lo,
                                    int64_t hi) {
    gradient_rows(r, p, lo, hi);
}
void gradient_clone(const GradientRows<double>& r, double* p, int64_t lo, int64_t hi) {
    gradient_rows(r, p, lo, hi);
}

template <class T>
at::Tensor run_gradient(at::Tensor& scores, const WeightGradient& from, double scale) {
    const int64_t tokens = scores.size(0), m = scores.size(1);
    auto dot = at::empty({tokens}, scores.options().dtype(at::kDouble));
    const auto dense = [](const at::Tensor& x) { return x.defined() ? x.contiguous() : x; };
    const auto data = [](const at::Tensor& x) {
        return x.defined() ? x.const_data_ptr<T>() : nullptr;
    };
    const auto idx = from.idx.contiguous(), weight = from.weight.contiguous(),
               dweight = dense(from.dweight);
    const auto mean =
        from.dmean.defined() ? dense(from.dmean / static_cast<double>(tokens)) : at::Tensor();
    const GradientRows<T> rows{scores.mutable_data_ptr<T>(),
                               idx.const_data_ptr<int64_t>(),
                               data(weight),
                               data(dweight),
                               data(mean),
                               dot.mutable_data_ptr<double>(),
                               m,
                               from.idx.size(1),
                               from.renormalise,
                               static_cast<T>(scale)};
    at::parallel_for(0, tokens, kGrain, [&](int64_t lo, int64_t hi) {
        std::vector<T> p(static_cast<size_t>(m));
        gradient_clone(rows, p.data(), lo, hi);
    });
    return dot;
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

ScoreRows room_for_rows(const at::Tensor& scores, int64_t k) {
    const int64_t tokens = scores.size(0);
    const auto like = scores.options();
    return {at::empty({tokens, k}, like.dtype(at::kLong)), at::empty({tokens, k}, like),
            at::empty({tokens}, like), at::empty({tokens}, like)};
}

at::Tensor top_k(const at::Tensor& keys, int64_t k) {
    return keys.scalar_type() == at::kDouble ? choose_rows<double>(keys, k)
                                             : choose_rows<float>(keys, k);
}

at::Tensor score_gradient(at::Tensor& scores, const WeightGradient& from, double scale) {
    return scores.scalar_type() == at::kDouble ? run_gradient<double>(scores, from, scale)
                                               : run_gradient<float>(scores, from, scale);
}

ScoreRows softmax_top_k(at::Tensor& scores, int64_t k) {
    return scores.scalar_type() == at::kDouble ? run<double>(scores, k) : run<float>(scores, k);
}

}  // namespace hopscope::kernels::cpu
