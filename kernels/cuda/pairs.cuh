// Device code that sorts the pairs (token, slot) of a hop by their expert: a stable counting sort,
// so that the pairs of an expert stand together in rising token order and every sum over them has
// one order. Pairs are numbered t · k + slot. Whole-number arithmetic alone; device memory of the
// caller.
#pragma once

#include "kernels/cuda/warp.cuh"

namespace hopscope::kernels::cuda {

constexpr int64_t kPairChunk = 512;  ///< pairs that one warp counts and places
constexpr int kPairWarps = 4;        ///< chunks of a block
constexpr int kScanThreads = 256;    ///< the one block that sums the counts up

inline int64_t pair_chunks(int64_t pairs) {
    return (pairs + kPairChunk - 1) / kPairChunk;
}

/// The slots [first, first + count) of each token, of k.
struct PairRange {
    int64_t tokens, k, first, count;

    __device__ int64_t size() const { return tokens * count; }
    /// The i-th pair of the range, in token order.
    __device__ int64_t pair(int64_t i) const { return i / count * k + first + i % count; }
};

/// Adds the pairs of each chunk to counts [chunks, M], which begin as zeros: one warp a chunk.
__global__ inline void count_pairs_kernel(const int64_t* idx, PairRange range, int64_t experts,
                                          int* counts) {
    const int64_t chunk = warp_of_grid(), first = chunk * kPairChunk;
    const int64_t end = first + kPairChunk < range.size() ? first + kPairChunk : range.size();
    for (int64_t i = first + lane_of_warp(); i < end; i += kWarp)
        atomicAdd(&counts[chunk * experts + idx[range.pair(i)]], 1);
}

/// Inclusive sum over the lanes up to the own.
template <class T>
__device__ inline T warp_scan(T x) {
    for (int by = 1; by < kWarp; by *= 2) {
        const T lower = __shfl_up_sync(kAllLanes, x, static_cast<unsigned>(by));
        if (lane_of_warp() >= by) x += lower;
    }
    return x;
}

/// counts [chunks, M] become the place of the first pair of each chunk and expert; first [M + 1]
/// that of each expert. One block of kScanThreads, which goes over the experts in tiles.
__global__ inline void scan_pairs_kernel(int* counts, int64_t chunks, int64_t experts, int* first) {
    __shared__ Shared<int, kScanThreads / kWarp> of_warps;
    const int thread = static_cast<int>(threadIdx.x), warp = thread / kWarp;
    int before = 0;  // pairs of the tiles so far
    for (int64_t tile = 0; tile < experts; tile += kScanThreads) {
        const int64_t e = tile + thread;
        int own = 0;
        for (int64_t c = 0; e < experts && c < chunks; ++c) own += counts[c * experts + e];
        const int up_to = warp_scan(own);
        if (lane_of_warp() == kWarp - 1) of_warps[warp] = up_to;
        __syncthreads();
        int lower = 0, all = 0;
        for (int w = 0; w < kScanThreads / kWarp; ++w) {
            const int n = of_warps[w];
            if (w < warp) lower += n;
            all += n;
        }
        __syncthreads();  // the next tile writes of_warps
        int at = before + lower + up_to - own;
        if (e < experts) first[e] = at;
        for (int64_t c = 0; e < experts && c < chunks; ++c) {
            const int n = counts[c * experts + e];
            counts[c * experts + e] = at;
            at += n;
        }
        before += all;
    }
    if (thread == 0) first[experts] = before;
}

/// pairs [n]: the pairs in the order of their experts. One warp a chunk takes 32 pairs at a time;
/// those of one expert find each other and stand in the order of their lanes. `places` [chunks, M]
/// is what scan_pairs_kernel left, and is used up.
__global__ inline void place_pairs_kernel(const int64_t* idx, PairRange range, int64_t experts,
                                          int* places, int* pairs) {
    const int64_t chunk = warp_of_grid(), first = chunk * kPairChunk;
    const int64_t end = first + kPairChunk < range.size() ? first + kPairChunk : range.size();
    const int lane = lane_of_warp();
    for (int64_t from = first; from < end; from += kWarp) {
        const int64_t i = from + lane;
        const int64_t pair = i < end ? range.pair(i) : -1;
        const int expert = pair >= 0 ? static_cast<int>(idx[pair]) : -1;
        const unsigned same = __match_any_sync(kAllLanes, expert);
        const int rank = __popc(same & ((1U << lane) - 1U));
        const int64_t place = chunk * experts + expert;
        if (pair >= 0) pairs[places[place] + rank] = static_cast<int>(pair);
        __syncwarp();  // all have read the place before the first of them moves it on
        if (pair >= 0 && rank == 0) places[place] += __popc(same);
        __syncwarp();  // the next 32 read it; a match orders lanes, not memory
    }
}

}  // namespace hopscope::kernels::cuda
