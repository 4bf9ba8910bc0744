// Device code of what routing does to a matrix of scores [T, M]: k best, softmax and its
// statistics, the gradient of the scores, means over tokens. One warp a row, whatever M and k;
// device memory of the caller.
#pragma once

#include <cmath>
#include <limits>

#include "kernels/cuda/warp.cuh"

namespace hopscope::kernels::cuda {

constexpr int kRowWarps = 4;  ///< rows of a block

/// A score and whose it is.
template <class T>
struct Candidate {
    T score;
    int64_t index;  ///< −1: none
};

/// Falling score, ties by lowest index; what is not a number comes last, no candidate after that.
template <class T>
__device__ inline bool before(const Candidate<T>& a, const Candidate<T>& b) {
    if (a.index < 0 || b.index < 0) return b.index < 0 && a.index >= 0;
    const bool no_a = a.score != a.score, no_b = b.score != b.score;
    if (no_a || no_b) return no_a == no_b ? a.index < b.index : no_b;
    return a.score > b.score || (a.score == b.score && a.index < b.index);
}

/// The best of the lane's share of a row (every 32nd score) that comes after `last`; none left: −1.
template <class T>
__device__ inline Candidate<T> best_after(const T* s, int64_t m, const Candidate<T>& last) {
    Candidate<T> best{T(0), -1};
    for (int64_t i = lane_of_warp(); i < m; i += kWarp) {
        const Candidate<T> one{s[i], i};
        if ((last.index < 0 || before(last, one)) && before(one, best)) best = one;
    }
    return best;
}

/// The best of all lanes, in all of them.
template <class T>
__device__ inline Candidate<T> warp_best(Candidate<T> mine) {
    for (int by = kWarp / 2; by > 0; by /= 2) {
        const Candidate<T> other{__shfl_xor_sync(kAllLanes, mine.score, by),
                                 __shfl_xor_sync(kAllLanes, mine.index, by)};
        if (before(other, mine)) mine = other;
    }
    return mine;
}

/// idx [k]: the k best of a row. Each lane keeps the best of its share; only the lane that gives
/// one away looks for its next, so that a choice costs one look at a 32nd of the row.
/// @return the best score
template <class T>
__device__ inline T top_k_row(const T* s, int64_t m, int64_t k, int64_t* idx) {
    Candidate<T> mine = best_after(s, m, {T(0), -1});
    T top = T(0);
    for (int64_t j = 0; j < k; ++j) {
        const Candidate<T> best = warp_best(mine);
        if (j == 0) top = best.score;
        if (mine.index == best.index) {
            idx[j] = best.index;
            mine = best_after(s, m, best);
        }
    }
    return top;
}

template <class T>
__global__ void top_k_kernel(const T* keys, int64_t tokens, int64_t m, int64_t k, int64_t* idx) {
    const int64_t t = warp_of_grid();
    if (t < tokens) top_k_row(keys + t * m, m, k, idx + t * k);
}

template <class T>
struct ForwardRows {
    T* scores;                   ///< [T, M], become the softmax
    int64_t* idx;                ///< [T, k]
    T *top_p, *entropy, *max_p;  ///< [T, k], [T], [T]
    int64_t tokens, m, k;
};

template <class T>
__global__ void softmax_top_k_kernel(ForwardRows<T> r) {
    const int64_t t = warp_of_grid();
    if (t >= r.tokens) return;
    T* s = r.scores + t * r.m;
    int64_t* idx = r.idx + t * r.k;
    const T top = top_k_row(s, r.m, r.k, idx);
    T sum = 0, weighted = 0;  // Σ e^x and Σ e^x x over a row of x ≤ 0
    for (int64_t i = lane_of_warp(); i < r.m; i += kWarp) {
        const T x = s[i] - top, e = std::exp(x);
        sum += e;
        if (e > 0) weighted += e * x;  // a chance of 0 has no part in it
    }
    sum = warp_sum(sum);
    weighted = warp_sum(weighted);
    const T inverse = T(1) / sum;
    for (int64_t i = lane_of_warp(); i < r.m; i += kWarp) s[i] = std::exp(s[i] - top) * inverse;
    if (lane_of_warp() == 0) {
        r.entropy[t] = std::log(sum) - weighted * inverse;
        r.max_p[t] = inverse;
    }
    __syncwarp();  // the chosen are read where other lanes wrote them, idx as well
    for (int64_t j = lane_of_warp(); j < r.k; j += kWarp) r.top_p[t * r.k + j] = s[idx[j]];
}

template <class T>
struct GradientRows {
    T* scores;                  ///< [T, M], become their gradient times `scale`
    const int64_t* idx;         ///< [T, k], each at most once in a row
    const T *weight, *dweight;  ///< [T, k]; `dweight` may be null
    const T* mean;              ///< [M] gradient of the mean probabilities over T; may be null
    const T* scale;             ///< one number
    double* dot;                ///< [T] Σ score · gradient, without `scale`
    int64_t tokens, m, k;
    bool renormalise;
};

/// p_i (g_i − Σ p g) with g the gradient at p: of mean_p at all, of a weight that is a probability
/// at the chosen. Renormalised weights are the softmax over the k chosen scores alone.
template <class T>
__global__ void score_gradient_kernel(GradientRows<T> r) {
    const int64_t t = warp_of_grid();
    if (t >= r.tokens) return;
    const int lane = lane_of_warp();
    T* s = r.scores + t * r.m;
    const int64_t* idx = r.idx + t * r.k;
    const T* w = r.weight + t * r.k;
    const T* dw = r.dweight != nullptr ? r.dweight + t * r.k : nullptr;

    const T top = warp_best(best_after(s, r.m, {T(0), -1})).score;
    T sum = 0, along_mean = 0, chosen = 0;
    for (int64_t i = lane; i < r.m; i += kWarp) {
        const T e = std::exp(s[i] - top);
        sum += e;
        if (r.mean != nullptr) along_mean += e * r.mean[i];
    }
    for (int64_t j = lane; dw != nullptr && j < r.k; j += kWarp) chosen += w[j] * dw[j];
    const T inverse = T(1) / warp_sum(sum);
    along_mean = warp_sum(along_mean) * inverse;
    chosen = warp_sum(chosen);
    const T back = along_mean + (r.renormalise ? T(0) : chosen);
    const T from_weight = r.renormalise ? chosen : T(0);

    // What the weights give to their own scores; read before the scores are overwritten.
    double dot = 0;
    for (int64_t j = lane; dw != nullptr && j < r.k; j += kWarp)
        dot += static_cast<double>(w[j] * (dw[j] - from_weight)) * static_cast<double>(s[idx[j]]);
    __syncwarp();
    for (int64_t i = lane; i < r.m; i += kWarp) {
        const T p = std::exp(s[i] - top) * inverse;
        const T g = p * ((r.mean != nullptr ? r.mean[i] : T(0)) - back);
        if (p > 0)
            dot += static_cast<double>(g) * static_cast<double>(s[i]);  // −inf · 0 is no part
        s[i] = g * *r.scale;
    }
    __syncwarp();
    for (int64_t j = lane; dw != nullptr && j < r.k; j += kWarp)
        s[idx[j]] += w[j] * (dw[j] - from_weight) * *r.scale;
    dot = warp_sum(dot);
    if (lane == 0) r.dot[t] = dot;
}

constexpr int kMeanLanes = 32;       ///< columns of a block
constexpr int kMeanRows = 8;         ///< threads that share a column
constexpr int64_t kMeanChunk = 256;  ///< rows of a block

inline int64_t mean_chunks(int64_t tokens) {
    return (tokens + kMeanChunk - 1) / kMeanChunk;
}

/// Sums of columns over chunks of rows, [chunks, M]: threads (32, 8), blocks (columns / 32,
/// chunks).
template <class T>
__global__ void chunk_sums_kernel(const T* x, int64_t rows, int64_t m, T* sums) {
    __shared__ Shared<T, kMeanLanes * kMeanRows> part;
    const int64_t column = static_cast<int64_t>(blockIdx.x) * kMeanLanes + threadIdx.x;
    const int64_t first = static_cast<int64_t>(blockIdx.y) * kMeanChunk;
    const int64_t end = first + kMeanChunk < rows ? first + kMeanChunk : rows;
    const int own = static_cast<int>(threadIdx.y) * kMeanLanes + static_cast<int>(threadIdx.x);
    T sum = 0;
    for (int64_t row = first + threadIdx.y; column < m && row < end; row += kMeanRows)
        sum += x[row * m + column];
    part[own] = sum;
    __syncthreads();
    if (threadIdx.y != 0 || column >= m) return;
    for (int i = 1; i < kMeanRows; ++i) sum += part[own + i * kMeanLanes];
    sums[blockIdx.y * m + column] = sum;
}

/// mean [M] from the sums of the chunks, in their order.
template <class T>
__global__ void mean_kernel(const T* sums, int64_t chunks, int64_t rows, int64_t m, T* mean) {
    const int64_t column = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (column >= m) return;
    T sum = 0;
    for (int64_t c = 0; c < chunks; ++c) sum += sums[c * m + column];
    mean[column] = sum / static_cast<T>(rows);
}

}  // namespace hopscope::kernels::cuda
