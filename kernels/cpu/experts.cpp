// Token-stationary experts: each pair (token, expert) is two rows, one read and one written;
// nothing of size tokens × k × d exists (performance.md section 0). The weight gradients go through
// a reverse index (expert → its pairs in token order), so that no two threads write one row and the
// sum has one order.
#include "kernels/cpu/experts.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <cmath>
#include <vector>

#include "kernels/cpu/loops.h"

namespace hopscope::kernels::cpu {
namespace {

constexpr int64_t kTokenGrain = 16;
constexpr int64_t kExpertGrain = 4;

struct Shape {
    int64_t tokens, k, experts, r, d;
};

Shape shape_of(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& down) {
    return {h.size(0), idx.size(1), down.size(0), down.size(1), down.size(2)};
}

template <class T>
HOPSCOPE_INLINE T sigmoid(T a) {
    return T(1) / (T(1) + std::exp(-a));
}

template <class T>
HOPSCOPE_INLINE void forward_token(const T* h, const int64_t* idx, const T* w, const T* down,
                                   const T* up, T* pre, T* y, const Shape& s) {
    for (int64_t j = 0; j < s.k; ++j) {
        const int64_t base = idx[j] * s.r * s.d;
        for (int64_t q = 0; q < s.r; ++q) {
            const T a = dot_loop(h, down + base + q * s.d, s.d);
            pre[j * s.r + q] = a;
            axpy_loop(y, w[j] * a * sigmoid(a), up + base + q * s.d, s.d);
        }
    }
}

HOPSCOPE_CLONES void forward_rows(const float* h, const int64_t* idx, const float* w,
                                  const float* down, const float* up, float* pre, float* y,
                                  const Shape& s, int64_t lo, int64_t hi) {
    for (int64_t t = lo; t < hi; ++t)
        forward_token(h + t * s.d, idx + t * s.k, w + t * s.k, down, up, pre + t * s.k * s.r,
                      y + t * s.d, s);
}
void forward_rows(const double* h, const int64_t* idx, const double* w, const double* down,
                  const double* up, double* pre, double* y, const Shape& s, int64_t lo,
                  int64_t hi) {
    for (int64_t t = lo; t < hi; ++t)
        forward_token(h + t * s.d, idx + t * s.k, w + t * s.k, down, up, pre + t * s.k * s.r,
                      y + t * s.d, s);
}

/// Per token: dw, dh and the two coefficients (for dU and dD) of each pair and rank.
template <class T>
HOPSCOPE_INLINE void backward_token(const T* g, const int64_t* idx, const T* w, const T* down,
                                    const T* up, const T* pre, T* dh, T* dw, T* to_up, T* to_down,
                                    const Shape& s) {
    for (int64_t j = 0; j < s.k; ++j) {
        const int64_t base = idx[j] * s.r * s.d;
        T sum = 0;
        for (int64_t q = 0; q < s.r; ++q) {
            const T a = pre[j * s.r + q], sig = sigmoid(a), act = a * sig;
            const T along = dot_loop(g, up + base + q * s.d, s.d);
            sum += along * act;
            const T da = along * w[j] * sig * (T(1) + a * (T(1) - sig));
            to_up[j * s.r + q] = w[j] * act;
            to_down[j * s.r + q] = da;
            axpy_loop(dh, da, down + base + q * s.d, s.d);
        }
        dw[j] = sum;
    }
}

HOPSCOPE_CLONES void backward_rows(const float* g, const int64_t* idx, const float* w,
                                   const float* down, const float* up, const float* pre, float* dh,
                                   float* dw, float* to_up, float* to_down, const Shape& s,
                                   int64_t lo, int64_t hi) {
    for (int64_t t = lo; t < hi; ++t)
        backward_token(g + t * s.d, idx + t * s.k, w + t * s.k, down, up, pre + t * s.k * s.r,
                       dh + t * s.d, dw + t * s.k, to_up + t * s.k * s.r, to_down + t * s.k * s.r,
                       s);
}
void backward_rows(const double* g, const int64_t* idx, const double* w, const double* down,
                   const double* up, const double* pre, double* dh, double* dw, double* to_up,
                   double* to_down, const Shape& s, int64_t lo, int64_t hi) {
    for (int64_t t = lo; t < hi; ++t)
        backward_token(g + t * s.d, idx + t * s.k, w + t * s.k, down, up, pre + t * s.k * s.r,
                       dh + t * s.d, dw + t * s.k, to_up + t * s.k * s.r, to_down + t * s.k * s.r,
                       s);
}

/// Pairs of each expert in rising token order: `first[e] … first[e + 1]` indexes `pairs` (values
/// t·k + j).
struct ReverseIndex {
    std::vector<int64_t> first, pairs;
};

ReverseIndex reverse_index(const int64_t* idx, int64_t n, int64_t experts) {
    ReverseIndex out;
    out.first.assign(static_cast<size_t>(experts + 1), 0);
    for (int64_t p = 0; p < n; ++p) ++out.first[static_cast<size_t>(idx[p] + 1)];
    for (size_t e = 0; e < static_cast<size_t>(experts); ++e) out.first[e + 1] += out.first[e];
    out.pairs.resize(static_cast<size_t>(n));
    auto next = out.first;
    for (int64_t p = 0; p < n; ++p)
        out.pairs[static_cast<size_t>(next[static_cast<size_t>(idx[p])]++)] = p;
    return out;
}

template <class T>
HOPSCOPE_INLINE void weight_rows_loop(const ReverseIndex& rev, const T* h, const T* g,
                                      const T* to_up, const T* to_down, T* ddown, T* dup,
                                      const Shape& s, int64_t lo, int64_t hi) {
    for (int64_t e = lo; e < hi; ++e)
        for (int64_t p = rev.first[static_cast<size_t>(e)];
             p < rev.first[static_cast<size_t>(e + 1)]; ++p) {
            const int64_t pair = rev.pairs[static_cast<size_t>(p)], t = pair / s.k;
            for (int64_t q = 0; q < s.r; ++q) {
                const int64_t row = (e * s.r + q) * s.d;
                axpy_loop(dup + row, to_up[pair * s.r + q], g + t * s.d, s.d);
                axpy_loop(ddown + row, to_down[pair * s.r + q], h + t * s.d, s.d);
            }
        }
}

HOPSCOPE_CLONES void weight_rows(const ReverseIndex& rev, const float* h, const float* g,
                                 const float* to_up, const float* to_down, float* ddown, float* dup,
                                 const Shape& s, int64_t lo, int64_t hi) {
    weight_rows_loop(rev, h, g, to_up, to_down, ddown, dup, s, lo, hi);
}
void weight_rows(const ReverseIndex& rev, const double* h, const double* g, const double* to_up,
                 const double* to_down, double* ddown, double* dup, const Shape& s, int64_t lo,
                 int64_t hi) {
    weight_rows_loop(rev, h, g, to_up, to_down, ddown, dup, s, lo, hi);
}

template <class T>
ExpertsForward forward(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& w,
                       const at::Tensor& down, const at::Tensor& up) {
    const Shape s = shape_of(h, idx, down);
    ExpertsForward out{at::zeros_like(h), at::empty({s.tokens, s.k, s.r}, h.options())};
    const T *hp = h.const_data_ptr<T>(), *wp = w.const_data_ptr<T>();
    const T *dp = down.const_data_ptr<T>(), *up_p = up.const_data_ptr<T>();
    const int64_t* ip = idx.const_data_ptr<int64_t>();
    T *pre = out.pre.mutable_data_ptr<T>(), *y = out.dh.mutable_data_ptr<T>();
    at::parallel_for(0, s.tokens, kTokenGrain, [&](int64_t lo, int64_t hi) {
        forward_rows(hp, ip, wp, dp, up_p, pre, y, s, lo, hi);
    });
    return out;
}

template <class T>
ExpertsBackward backward(const at::Tensor& g, const at::Tensor& h, const at::Tensor& idx,
                         const at::Tensor& w, const at::Tensor& down, const at::Tensor& up,
                         const at::Tensor& pre) {
    const Shape s = shape_of(h, idx, down);
    ExpertsBackward out{at::zeros_like(h), at::empty({s.tokens, s.k}, h.options()),
                        at::zeros_like(down), at::zeros_like(up)};
    auto to_up = at::empty_like(pre), to_down = at::empty_like(pre);
    const T *gp = g.const_data_ptr<T>(), *hp = h.const_data_ptr<T>(), *wp = w.const_data_ptr<T>();
    const T *dp = down.const_data_ptr<T>(), *upp = up.const_data_ptr<T>(),
            *prep = pre.const_data_ptr<T>();
    const int64_t* ip = idx.const_data_ptr<int64_t>();
    T *dh = out.dh.mutable_data_ptr<T>(), *dw = out.dweight.mutable_data_ptr<T>();
    T *tu = to_up.mutable_data_ptr<T>(), *td = to_down.mutable_data_ptr<T>();
    at::parallel_for(0, s.tokens, kTokenGrain, [&](int64_t lo, int64_t hi) {
        backward_rows(gp, ip, wp, dp, upp, prep, dh, dw, tu, td, s, lo, hi);
    });
    const auto rev = reverse_index(ip, s.tokens * s.k, s.experts);
    T *dd = out.ddown.mutable_data_ptr<T>(), *du = out.dup.mutable_data_ptr<T>();
    at::parallel_for(0, s.experts, kExpertGrain, [&](int64_t lo, int64_t hi) {
        weight_rows(rev, hp, gp, tu, td, dd, du, s, lo, hi);
    });
    return out;
}

}  // namespace

ExpertsForward experts_forward(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                               const at::Tensor& down, const at::Tensor& up) {
    return h.scalar_type() == at::kDouble ? forward<double>(h, idx, weight, down, up)
                                          : forward<float>(h, idx, weight, down, up);
}

ExpertsBackward experts_backward(const at::Tensor& grad, const at::Tensor& h, const at::Tensor& idx,
                                 const at::Tensor& weight, const at::Tensor& down,
                                 const at::Tensor& up, const at::Tensor& pre) {
    return h.scalar_type() == at::kDouble ? backward<double>(grad, h, idx, weight, down, up, pre)
                                          : backward<float>(grad, h, idx, weight, down, up, pre);
}

}  // namespace hopscope::kernels::cpu
