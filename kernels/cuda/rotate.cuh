// Device code of rotary positions: a thread turns one pair of a head, in strides of the grid.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/cuda/warp.cuh"

namespace hopscope::kernels::cuda {

constexpr int kRotateThreads = 256;
constexpr int64_t kRotateMostBlocks = 65536;

inline unsigned rotate_blocks(int64_t pairs) {
    return static_cast<unsigned>(
        std::min<int64_t>((pairs + kRotateThreads - 1) / kRotateThreads, kRotateMostBlocks));
}

/// Addresses and sizes of one pass.
template <class T>
struct Rotation {
    const T* x;
    T* out;                   ///< may be x
    const Wide<T>*cos, *sin;  ///< [length, half]
    int64_t pairs;            ///< in all heads of all rows
    int64_t length, heads, half;
    Wide<T> way;  ///< 1, or −1: backwards
};

template <class T>
__global__ void rotate_kernel(Rotation<T> p) {
    const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
    for (int64_t pair = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; pair < p.pairs;
         pair += stride) {
        const int64_t head = pair / p.half, i = pair % p.half;
        const int64_t angle = head / p.heads % p.length * p.half + i;
        const Wide<T> c = p.cos[angle], s = p.sin[angle] * p.way;
        const int64_t a = head * 2 * p.half + i, b = a + p.half;
        const auto first = static_cast<Wide<T>>(p.x[a]), second = static_cast<Wide<T>>(p.x[b]);
        p.out[a] = static_cast<T>(first * c - second * s);
        p.out[b] = static_cast<T>(second * c + first * s);
    }
}

}  // namespace hopscope::kernels::cuda
