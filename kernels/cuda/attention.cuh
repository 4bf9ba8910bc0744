// Device code of the rows of scores of causal attention: softmax with dropout, and its gradient.
// One warp a query; each lane has its own keys in both. Device memory of the caller.
#pragma once

#include <cmath>
#include <limits>

#include "kernels/cuda/warp.cuh"
#include "kernels/dropout_mask.h"

namespace hopscope::kernels::cuda {

constexpr int kQueryWarps = 4;  ///< queries of a block of threads

/// A block of scores [heads, size, keys]: queries [begin, begin + size) of `length`, in place.
template <class T>
struct QueryRows {
    int64_t heads, size, keys, begin, length;
    T scale;
    Mask<T> mask;
    T* scores;
    T* along;  ///< <gradient, v>, as scores; of the gradient alone
    T* lse;    ///< [heads, length], from the first query on: log Σ e^(scale · score)

    __device__ int64_t head(int64_t row) const { return row / size; }
    /// Keys that a query sees.
    __device__ int64_t seen(int64_t row) const { return begin + row % size + 1; }
    __device__ T* lse_of(int64_t row) const { return lse + head(row) * length + row % size; }
    /// What decides which of its keys are dropped: its number among the queries of all heads.
    __device__ uint64_t key(int64_t row) const {
        return mask.key(head(row) * length + begin + row % size);
    }
};

/// The largest over the lanes, the same in all of them; NaN is passed over.
template <class T>
__device__ inline T warp_max(T x) {
    for (int by = kWarp / 2; by > 0; by /= 2) {
        const T other = __shfl_xor_sync(kAllLanes, x, by);
        x = other > x ? other : x;
    }
    return x;
}

/// Scores become the weights that v is added with; lse is written.
template <class T>
__global__ void query_weights_kernel(QueryRows<T> r) {
    const int64_t row = warp_of_grid();
    if (row >= r.heads * r.size) return;
    T* s = r.scores + row * r.keys;
    const int64_t n = r.seen(row);
    T top = -std::numeric_limits<T>::infinity();
    for (int64_t i = lane_of_warp(); i < n; i += kWarp) {
        const T x = s[i] * r.scale;
        top = x > top ? x : top;
    }
    top = warp_max(top);
    T sum = 0;
    for (int64_t i = lane_of_warp(); i < n; i += kWarp) {
        s[i] = std::exp(s[i] * r.scale - top);
        sum += s[i];
    }
    sum = warp_sum(sum);
    const T factor = r.mask.kept / sum;
    const uint64_t key = r.key(row);
    for (int64_t i = lane_of_warp(); i < r.keys; i += kWarp)
        s[i] = i >= n || r.mask.drops(key, i) ? T(0) : s[i] * factor;
    if (lane_of_warp() == 0) *r.lse_of(row) = top + std::log(sum);
}

/// Scores become those weights again, `along` the gradient of the scores before their scale: p (a −
/// Σ p a), times the scale.
template <class T>
__global__ void query_gradient_kernel(QueryRows<T> r) {
    const int64_t row = warp_of_grid();
    if (row >= r.heads * r.size) return;
    T *s = r.scores + row * r.keys, *a = r.along + row * r.keys;
    const int64_t n = r.seen(row);
    const T lse = *r.lse_of(row);
    const uint64_t key = r.key(row);
    T back = 0;
    for (int64_t i = lane_of_warp(); i < n; i += kWarp) {
        const T p = std::exp(s[i] * r.scale - lse);
        const T pull = r.mask.drops(key, i) ? T(0) : a[i] * r.mask.kept;
        back += p * pull;
        s[i] = p;
        a[i] = pull;
    }
    back = warp_sum(back);
    for (int64_t i = lane_of_warp(); i < r.keys; i += kWarp) {
        const T p = i < n ? s[i] : T(0);
        a[i] = i < n ? p * (a[i] - back) * r.scale : T(0);
        s[i] = i < n && !r.mask.drops(key, i) ? p * r.mask.kept : T(0);
    }
}

}  // namespace hopscope::kernels::cuda
