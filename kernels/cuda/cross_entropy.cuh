// Device code of softmax, cross-entropy and their gradient over rows of logits: one block a row,
// which is read twice and written once. Device memory of the caller.
#pragma once

#include <cmath>
#include <limits>

#include "kernels/cuda/vectors.cuh"
#include "kernels/cuda/warp.cuh"

namespace hopscope::kernels::cuda {

constexpr int kLogitThreads = 256;  ///< threads of a row

/// What a softmax needs to know of some logits.
template <class W>
struct Seen {
    W top = -std::numeric_limits<W>::infinity();  ///< the largest
    W sum = W(0);                                 ///< Σ e^(logit − top); 0: none so far

    /// One more. A logit of −inf has no part; NaN and +inf make the sum NaN, as the formula does.
    __device__ void add(W x) {
        if (x > top) {
            const W one = W(1) + (x - x);
            sum = sum == W(0) ? one : sum * std::exp(top - x) + one;
            top = x;
        } else if (x != -std::numeric_limits<W>::infinity()) {
            sum += std::exp(x - top);
        }
    }
};

/// Both together, the same bits in either order.
template <class W>
__device__ inline Seen<W> together(const Seen<W>& a, const Seen<W>& b) {
    if (a.sum == W(0)) return b;
    if (b.sum == W(0)) return a;
    const bool a_first = a.top > b.top;
    const Seen<W>&high = a_first ? a : b, &low = a_first ? b : a;
    Seen<W> out;
    out.top = high.top;
    out.sum = high.sum + low.sum * std::exp(low.top - high.top);
    return out;
}

/// What the threads of a block have seen, in all of them. Called by all.
template <class W>
__device__ inline Seen<W> block_together(Seen<W> mine) {
    constexpr int kWarps = kLogitThreads / kWarp;
    __shared__ Shared<W, kWarps> tops, sums;
    for (int by = kWarp / 2; by > 0; by /= 2) {
        Seen<W> other;
        other.top = __shfl_xor_sync(kAllLanes, mine.top, by);
        other.sum = __shfl_xor_sync(kAllLanes, mine.sum, by);
        mine = together(mine, other);
    }
    const int warp = static_cast<int>(threadIdx.x) / kWarp;
    if (lane_of_warp() == 0) {
        tops[warp] = mine.top;
        sums[warp] = mine.sum;
    }
    __syncthreads();
    Seen<W> all;
    for (int i = 0; i < kWarps; ++i) {
        Seen<W> one;
        one.top = tops[i];
        one.sum = sums[i];
        all = together(all, one);
    }
    return all;
}

template <class T>
struct LogitRows {
    T* logits;               ///< [T, V], rows `stride` apart, each begins where a vector may
    const int64_t* targets;  ///< [T]
    Wide<T>* nll;            ///< [T]
    int64_t width, stride;
    bool gradient;  ///< logits become softmax − one-hot
};

/// One block of kLogitThreads a row.
template <class T>
__global__ void cross_entropy_kernel(LogitRows<T> r) {
    using W = Wide<T>;
    const int64_t row = blockIdx.x, target = r.targets[row];
    const bool known = target >= 0 && target < r.width;
    T* z = r.logits + row * r.stride;
    Seen<W> mine;
    for_vectors(z, r.width, [&](T& x, int64_t) { mine.add(static_cast<W>(x)); });
    // Read before the barrier: behind it the row becomes its gradient.
    const W at_target = known ? static_cast<W>(z[target]) : std::numeric_limits<W>::quiet_NaN();
    const Seen<W> all = block_together(mine);
    if (threadIdx.x == 0) r.nll[row] = std::log(all.sum) - (at_target - all.top);
    if (!r.gradient) return;
    const W inverse = W(1) / all.sum;
    change_vectors(z, r.width, [&](T& x, int64_t i) {
        x = static_cast<T>(std::exp(static_cast<W>(x) - all.top) * inverse -
                           (i == target ? W(1) : W(0)));
    });
}

}  // namespace hopscope::kernels::cuda
