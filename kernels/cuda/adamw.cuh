// Device code of AdamW: one element a thread, in strides of the grid.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/cuda/adamw.h"

namespace hopscope::kernels::cuda {

constexpr int kAdamWThreads = 256;
constexpr int64_t kAdamWMostBlocks = 65536;

inline unsigned adamw_blocks(int64_t n) {
    return static_cast<unsigned>(
        std::min<int64_t>((n + kAdamWThreads - 1) / kAdamWThreads, kAdamWMostBlocks));
}

/// @param shadow receives the new value rounded to its type; may be null
template <class Shadow>
__global__ void adamw_kernel(float* __restrict__ p, const float* __restrict__ g,
                             float* __restrict__ m, float* __restrict__ v,
                             Shadow* __restrict__ shadow, AdamWFactors c, int64_t n) {
    const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
    for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
         i += stride) {
        const float x = g[i] * c.scale;
        const float mi = c.beta1 * m[i] + (1.0f - c.beta1) * x;
        const float vi = c.beta2 * v[i] + (1.0f - c.beta2) * x * x;
        const float pi = p[i] * c.keep - c.rate * mi / (std::sqrt(vi) * c.root + c.eps);
        m[i] = mi;
        v[i] = vi;
        p[i] = pi;
        if (shadow != nullptr) shadow[i] = static_cast<Shadow>(pi);
    }
}

}  // namespace hopscope::kernels::cuda
