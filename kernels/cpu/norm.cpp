#include "kernels/cpu/norm.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/loops.h"

namespace hopscope::kernels::cpu {
namespace {

/// Rows whose gradients of weight and bias are summed before they meet those of others.
constexpr int64_t kRun = 64;

template <class T>
const T* data_or_null(const at::Tensor& x) {
    return x.defined() ? x.const_data_ptr<T>() : nullptr;
}

template <class T>
struct NormedRows {
    int64_t d;
    T eps;
    Mask<T> mask;
    const T *residual, *written;  ///< each may be null
    const T *weight, *bias;
    T *sum, *out, *mean, *inverse;
};

/// to_i = from_i without what is dropped of row t.
template <class T>
HOPSCOPE_INLINE void drop_row(Mask<T> mask, int64_t t, const T* __restrict from, T* __restrict to,
                              int64_t n) {
    const uint64_t key = mask.key(t);
    for (int64_t i = 0; i < n; ++i) to[i] = mask.drops(key, i) ? T(0) : from[i] * mask.kept;
}

template <class T>
HOPSCOPE_INLINE void add_row(const T* __restrict from, T* __restrict to, int64_t n) {
    for (int64_t i = 0; i < n; ++i) to[i] += from[i];
}

/// to = a row of x + dropout(written).
template <class T>
HOPSCOPE_INLINE void sum_row(const NormedRows<T>& r, int64_t t, T* to) {
    const int64_t at = t * r.d;
    if (!r.written) {
        std::copy_n(r.residual + at, r.d, to);
        return;
    }
    if (r.mask.below > 0)
        drop_row(r.mask, t, r.written + at, to, r.d);
    else
        std::copy_n(r.written + at, r.d, to);
    if (r.residual) add_row(r.residual + at, to, r.d);
}

template <class T>
HOPSCOPE_INLINE void norm_rows(const NormedRows<T>& r, int64_t lo, int64_t hi) {
    const T by = T(1) / static_cast<T>(r.d);
    for (int64_t t = lo; t < hi; ++t) {
        T *x = r.sum + t * r.d, *__restrict out = r.out + t * r.d;
        sum_row(r, t, x);
        const T mean = sum_loop<T>(r.d, [x](int64_t i) { return x[i]; }) * by;
        const T variance = sum_loop<T>(r.d,
                                       [x, mean](int64_t i) {
                                           const T off = x[i] - mean;
                                           return off * off;
                                       }) *
                           by;
        const T inverse = T(1) / std::sqrt(variance + r.eps);
        for (int64_t i = 0; i < r.d; ++i)
            out[i] = (x[i] - mean) * inverse * r.weight[i] + r.bias[i];
        r.mean[t] = mean;
        r.inverse[t] = inverse;
    }
}

template <class T>
struct PulledRows {
    int64_t d;
    Mask<T> mask;
    const T *sum, *mean, *inverse, *weight, *dout, *dsum;  ///< dsum may be null
    T *residual, *written;                                 ///< written: null without dropout
};

/// Gradients of rows lo … hi − 1; adds theirs of weight and bias to `weight` and `bias` [d].
template <class T>
HOPSCOPE_INLINE void pull_norm_rows(const PulledRows<T>& r, T* __restrict weight,
                                    T* __restrict bias, int64_t lo, int64_t hi) {
    const T by = T(1) / static_cast<T>(r.d);
    for (int64_t t = lo; t < hi; ++t) {
        const T *x = r.sum + t * r.d, *g = r.dout + t * r.d, *w = r.weight;
        const T mean = r.mean[t], inverse = r.inverse[t];
        T* __restrict to = r.residual + t * r.d;
        const T level = sum_loop<T>(r.d, [=](int64_t i) { return g[i] * w[i]; }) * by;
        const T along =
            sum_loop<T>(r.d, [=](int64_t i) { return g[i] * w[i] * ((x[i] - mean) * inverse); }) *
            by;
        for (int64_t i = 0; i < r.d; ++i) {
            const T unit = (x[i] - mean) * inverse;
            weight[i] += g[i] * unit;
            bias[i] += g[i];
            to[i] = inverse * (g[i] * w[i] - level - unit * along);
        }
        if (r.dsum) add_row(r.dsum + t * r.d, to, r.d);
        if (r.written) drop_row(r.mask, t, to, r.written + t * r.d, r.d);
    }
}

HOPSCOPE_CLONES void visit(const NormedRows<float>& r, int64_t lo, int64_t hi) {
    norm_rows(r, lo, hi);
}
void visit(const NormedRows<double>& r, int64_t lo, int64_t hi) {
    norm_rows(r, lo, hi);
}
HOPSCOPE_CLONES void visit(const PulledRows<float>& r, float* weight, float* bias, int64_t lo,
                           int64_t hi) {
    pull_norm_rows(r, weight, bias, lo, hi);
}
void visit(const PulledRows<double>& r, double* weight, double* bias, int64_t lo, int64_t hi) {
    pull_norm_rows(r, weight, bias, lo, hi);
}

template <class T>
NormOut run_norm(const NormInput& in) {
    const auto& like = in.residual.defined() ? in.residual : in.written;
    const int64_t tokens = like.size(0);
    NormOut made{at::empty_like(like), at::empty_like(like), at::empty({tokens}, like.options()),
                 at::empty({tokens}, like.options())};
    const NormedRows<T> rows{.d = like.size(1),
                             .eps = static_cast<T>(in.eps),
                             .mask = Mask<T>::of(in.dropout),
                             .residual = data_or_null<T>(in.residual),
                             .written = data_or_null<T>(in.written),
                             .weight = in.weight.const_data_ptr<T>(),
                             .bias = in.bias.const_data_ptr<T>(),
                             .sum = made.sum.mutable_data_ptr<T>(),
                             .out = made.out.mutable_data_ptr<T>(),
                             .mean = made.mean.mutable_data_ptr<T>(),
                             .inverse = made.inverse.mutable_data_ptr<T>()};
    at::parallel_for(0, tokens, kRun, [&](int64_t lo, int64_t hi) { visit(rows, lo, hi); });
    return made;
}

template <class T>
NormGrads run_norm_gradient(const NormInput& in, const NormOut& of, const at::Tensor& dout,
                            const at::Tensor& dsum) {
    const int64_t tokens = dout.size(0), d = dout.size(1), runs = (tokens + kRun - 1) / kRun;
    const bool drops = in.written.defined() && in.dropout.p > 0;
    NormGrads made;
    made.residual = at::empty_like(dout);
    made.written = drops ? at::empty_like(dout) : made.residual;
    auto sums = at::zeros({2, runs, d}, dout.options());
    const PulledRows<T> rows{.d = d,
                             .mask = Mask<T>::of(in.dropout),
                             .sum = of.sum.const_data_ptr<T>(),
                             .mean = of.mean.const_data_ptr<T>(),
                             .inverse = of.inverse.const_data_ptr<T>(),
                             .weight = in.weight.const_data_ptr<T>(),
                             .dout = dout.const_data_ptr<T>(),
                             .dsum = data_or_null<T>(dsum),
                             .residual = made.residual.mutable_data_ptr<T>(),
                             .written = drops ? made.written.mutable_data_ptr<T>() : nullptr};
    T *weight = sums.mutable_data_ptr<T>(), *bias = weight + runs * d;
    at::parallel_for(0, runs, 1, [&](int64_t lo, int64_t hi) {
        for (int64_t run = lo; run < hi; ++run)
            visit(rows, weight + run * d, bias + run * d, run * kRun,
                  std::min((run + 1) * kRun, tokens));
    });
    // One after the other, whoever made them.
    auto totals = at::zeros({2, d}, dout.options());
    for (int64_t which = 0; which < 2; ++which) {
        T* total = totals.mutable_data_ptr<T>() + which * d;
        const T* from = weight + which * runs * d;
        for (int64_t run = 0; run < runs; ++run)
            for (int64_t i = 0; i < d; ++i) total[i] += from[run * d + i];
    }
    made.weight = totals.select(0, 0);
    made.bias = totals.select(0, 1);
    return made;
}

}  // namespace

NormOut norm(const NormInput& in) {
    return in.weight.scalar_type() == at::kDouble ? run_norm<double>(in) : run_norm<float>(in);
}

NormGrads norm_gradient(const NormInput& in, const NormOut& of, const at::Tensor& dout,
                        const at::Tensor& dsum) {
    return dout.scalar_type() == at::kDouble ? run_norm_gradient<double>(in, of, dout, dsum)
                                             : run_norm_gradient<float>(in, of, dout, dsum);
}

}  // namespace hopscope::kernels::cpu
