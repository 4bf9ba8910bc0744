// Device code that counts choices, by atomics on whole numbers, and sums up squares, in fixed
// blocks of which each has one order. Device memory of the caller.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/cuda/warp.cuh"

namespace hopscope::kernels::cuda {

constexpr int kCountThreads = 256;
constexpr int64_t kCountMostBlocks = 4096;
constexpr int64_t kSquareBlock = 8192;  ///< entries that a block sums up

using Count = unsigned long long;  // NOLINT(google-runtime-int): what CUDA's atomics take

inline unsigned count_blocks(int64_t n) {
    return static_cast<unsigned>(
        std::min<int64_t>((n + kCountThreads - 1) / kCountThreads, kCountMostBlocks));
}
inline int64_t square_blocks(int64_t n) {
    return (n + kSquareBlock - 1) / kSquareBlock;
}

/// f(i) for the calling thread's share of 0 … n − 1.
template <class F>
__device__ inline void for_share(int64_t n, const F& f) {
    const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
    for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
         i += stride)
        f(i);
}

/// counts [M], which begin as zeros: how often each index occurs.
__global__ inline void count_choices_kernel(const int64_t* idx, int64_t n, Count* counts) {
    for_share(n, [&](int64_t i) { atomicAdd(&counts[idx[i]], Count{1}); });
}

/// tokens_with [ka · kb + 1], which begin as zeros: tokens by how many indices of a [T, ka] stand
/// in b [T, kb], too.
__global__ inline void overlaps_kernel(const int64_t* a, const int64_t* b, int64_t tokens,
                                       int64_t ka, int64_t kb, Count* tokens_with) {
    for_share(tokens, [&](int64_t t) {
        int64_t both = 0;
        for (int64_t i = 0; i < ka; ++i)
            for (int64_t j = 0; j < kb; ++j) both += a[t * ka + i] == b[t * kb + j] ? 1 : 0;
        atomicAdd(&tokens_with[both], Count{1});
    });
}

/// The mean of |A ∩ B| / |A ∪ B| from what overlaps_kernel counted; on the host.
inline double mean_of_overlaps(const int64_t* tokens_with, int64_t tokens, int64_t ka, int64_t kb) {
    double sum = 0;
    for (int64_t both = 0; both <= ka * kb; ++both)
        if (tokens_with[both] > 0)
            sum += static_cast<double>(tokens_with[both]) * static_cast<double>(both) /
                   static_cast<double>(ka + kb - both);
    return sum / static_cast<double>(tokens);
}

/// Σ over the threads of a block of kCountThreads, in the first of them.
__device__ inline double block_sum(double x) {
    __shared__ Shared<double, kCountThreads / kWarp> of_warps;
    const double own = warp_sum(x);
    if (lane_of_warp() == 0) of_warps[static_cast<int>(threadIdx.x) / kWarp] = own;
    __syncthreads();
    double sum = 0;
    for (int w = 0; threadIdx.x == 0 && w < kCountThreads / kWarp; ++w) {
        const double one = of_warps[w];
        sum += one;
    }
    return sum;
}

/// sums [square_blocks(n)]: Σ x² of each block of entries, one block of threads each.
template <class T>
__global__ void square_sums_kernel(const T* x, int64_t n, double* sums) {
    const int64_t begin = static_cast<int64_t>(blockIdx.x) * kSquareBlock;
    const int64_t end = begin + kSquareBlock < n ? begin + kSquareBlock : n;
    double own = 0;
    for (int64_t i = begin + threadIdx.x; i < end; i += kCountThreads) {
        const auto one = static_cast<double>(x[i]);
        own += one * one;
    }
    own = block_sum(own);
    if (threadIdx.x == 0) sums[blockIdx.x] = own;
}

/// total [1]: Σ of the sums, by one block.
__global__ inline void total_kernel(const double* sums, int64_t n, double* total) {
    double own = 0;
    for (int64_t i = threadIdx.x; i < n; i += kCountThreads) own += sums[i];
    own = block_sum(own);
    if (threadIdx.x == 0) *total = own;
}

}  // namespace hopscope::kernels::cuda
