// What kernels need of a warp beyond CUDA's own words. The .cuh files of this folder hold the
// device code and nothing of LibTorch; nvcc compiles them for the .cu beside them, and the tests
// compile them for machines without a GPU, under a header that must come first and gives CUDA's
// words. So they keep to blocks, warps, barriers, shuffles, votes and whole-number atomics; sums of
// floats have one order each.
#pragma once

#include <cstdint>

namespace hopscope::kernels::cuda {

constexpr int kWarp = 32;
constexpr unsigned kAllLanes = 0xffffffffU;

/// What sums of a type are made in: fp64 of fp64, fp32 of fp32 and bf16.
template <class T>
struct WideOf {
    using type = float;
};
template <>
struct WideOf<double> {
    using type = double;
};
template <class T>
using Wide = typename WideOf<T>::type;

#ifdef __CUDACC__
/// An array in shared memory. Its elements are read into variables with their type written out: in
/// the tests they are watched, and not a plain T.
template <class T, int N>
struct Shared {
    T values[N];
    __device__ T& operator[](int64_t i) { return values[i]; }
};
#endif

__device__ inline int lane_of_warp() {
    return static_cast<int>(threadIdx.x) % kWarp;
}

/// Σ over the lanes, the same in all of them. Called by all lanes.
template <class T>
__device__ inline T warp_sum(T x) {
    for (int by = kWarp / 2; by > 0; by /= 2) x += __shfl_xor_sync(kAllLanes, x, by);
    return x;
}

/// Number of the calling warp among all warps of the grid (blocks and threads along x alone).
__device__ inline int64_t warp_of_grid() {
    return (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / kWarp;
}

/// Blocks for `warps` warps, `per_block` in each.
inline unsigned blocks_for(int64_t warps, int per_block) {
    return static_cast<unsigned>((warps + per_block - 1) / per_block);
}

}  // namespace hopscope::kernels::cuda
