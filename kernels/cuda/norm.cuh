// Device code of what stands between two layers: dropout of what a layer wrote, the sum with the
// residual stream, LayerNorm of the sum, and their gradients. One warp a row; sums over tokens go
// over fixed chunks of rows. Tensors are fp32, fp64 or bf16; means, sums and parameters are wide.
// Device memory of the caller.
#pragma once

#include <cmath>

#include "kernels/cuda/warp.cuh"
#include "kernels/dropout_mask.h"

namespace hopscope::kernels::cuda {

constexpr int kNormWarps = 4;           ///< rows of a block
constexpr int kNormColumns = 32;        ///< columns of a block that sums over tokens
constexpr int kNormShares = 8;          ///< threads that share a column there
constexpr int64_t kNormChunk = 128;     ///< rows that they sum up
constexpr int kNormTotalThreads = 128;  ///< of a block that sums the chunks up

inline int64_t norm_chunks(int64_t tokens) {
    return (tokens + kNormChunk - 1) / kNormChunk;
}

template <class T>
struct NormRows {
    int64_t tokens, d;
    Wide<T> eps;
    Mask<Wide<T>> mask;           ///< of `written`, by row and column
    const T *residual, *written;  ///< [T, d]; `written` may be null
    const Wide<T>*weight, *bias;  ///< [d]
    T *sum, *out;                 ///< [T, d]; the sum may be where the residual is
    Wide<T>*mean, *inverse;       ///< [T] of the sum; inverse: 1 / √(variance + eps)
};

/// sum = residual + dropout(written), as it is stored; out = LayerNorm of it.
template <class T>
__global__ void norm_kernel(NormRows<T> r) {
    using W = Wide<T>;
    const int64_t t = warp_of_grid();
    if (t >= r.tokens) return;
    const uint64_t key = r.mask.key(t);
    const int64_t row = t * r.d;
    W sum = 0;
    for (int64_t c = lane_of_warp(); c < r.d; c += kWarp) {
        W x = static_cast<W>(r.residual[row + c]);
        if (r.written != nullptr && !r.mask.drops(key, c))
            x += static_cast<W>(r.written[row + c]) * r.mask.kept;
        const T stored = static_cast<T>(x);
        r.sum[row + c] = stored;
        sum += static_cast<W>(stored);
    }
    const W mean = warp_sum(sum) / static_cast<W>(r.d);
    W squares = 0;  // each lane reads what it wrote itself
    for (int64_t c = lane_of_warp(); c < r.d; c += kWarp) {
        const W off = static_cast<W>(r.sum[row + c]) - mean;
        squares += off * off;
    }
    const W inverse = W(1) / std::sqrt(warp_sum(squares) / static_cast<W>(r.d) + r.eps);
    for (int64_t c = lane_of_warp(); c < r.d; c += kWarp)
        r.out[row + c] = static_cast<T>(
            (static_cast<W>(r.sum[row + c]) - mean) * inverse * r.weight[c] + r.bias[c]);
    if (lane_of_warp() == 0) {
        r.mean[t] = mean;
        r.inverse[t] = inverse;
    }
}

template <class T>
struct NormGradientRows {
    int64_t tokens, d;
    Mask<Wide<T>> mask;
    const T *sum, *dout;    ///< [T, d]
    const T* dsum;          ///< [T, d], what reaches the sum from behind; may be null
    const Wide<T>* weight;  ///< [d]
    const Wide<T>*mean, *inverse;
    T* dresidual;  ///< [T, d]; may be where `dsum` is
    T* dwritten;   ///< [T, d]; may be null
};

template <class T>
__global__ void norm_gradient_kernel(NormGradientRows<T> r) {
    using W = Wide<T>;
    const int64_t t = warp_of_grid();
    if (t >= r.tokens) return;
    const int64_t row = t * r.d;
    const W mean = r.mean[t], inverse = r.inverse[t];
    W along_one = 0, along_unit = 0;  // Σ g and Σ g · unit, g the gradient of the unit row
    for (int64_t c = lane_of_warp(); c < r.d; c += kWarp) {
        const W g = static_cast<W>(r.dout[row + c]) * r.weight[c];
        along_one += g;
        along_unit += g * (static_cast<W>(r.sum[row + c]) - mean) * inverse;
    }
    along_one = warp_sum(along_one) / static_cast<W>(r.d);
    along_unit = warp_sum(along_unit) / static_cast<W>(r.d);
    const uint64_t key = r.mask.key(t);
    for (int64_t c = lane_of_warp(); c < r.d; c += kWarp) {
        const W unit = (static_cast<W>(r.sum[row + c]) - mean) * inverse;
        W dx = inverse *
               (static_cast<W>(r.dout[row + c]) * r.weight[c] - along_one - unit * along_unit);
        if (r.dsum != nullptr) dx += static_cast<W>(r.dsum[row + c]);
        r.dresidual[row + c] = static_cast<T>(dx);
        if (r.dwritten != nullptr)
            r.dwritten[row + c] =
                r.mask.drops(key, c) ? static_cast<T>(0.0f) : static_cast<T>(dx * r.mask.kept);
    }
}

/// Σ over the rows of a chunk of dout · unit and of dout, [chunks, 2, d]: threads (32, 8), blocks
/// (columns / 32, chunks).
template <class T>
__global__ void norm_columns_kernel(NormGradientRows<T> r, Wide<T>* sums) {
    using W = Wide<T>;
    __shared__ Shared<W, kNormColumns * kNormShares> of_weight, of_bias;
    const int64_t column = static_cast<int64_t>(blockIdx.x) * kNormColumns + threadIdx.x;
    const int64_t first = static_cast<int64_t>(blockIdx.y) * kNormChunk;
    const int64_t end = first + kNormChunk < r.tokens ? first + kNormChunk : r.tokens;
    const int own = static_cast<int>(threadIdx.y) * kNormColumns + static_cast<int>(threadIdx.x);
    W weight = 0, bias = 0;
    for (int64_t t = first + threadIdx.y; column < r.d && t < end; t += kNormShares) {
        const W g = static_cast<W>(r.dout[t * r.d + column]);
        weight += g * (static_cast<W>(r.sum[t * r.d + column]) - r.mean[t]) * r.inverse[t];
        bias += g;
    }
    of_weight[own] = weight;
    of_bias[own] = bias;
    __syncthreads();
    if (threadIdx.y != 0 || column >= r.d) return;
    for (int i = 1; i < kNormShares; ++i) {
        weight += of_weight[own + i * kNormColumns];
        bias += of_bias[own + i * kNormColumns];
    }
    sums[blockIdx.y * 2 * r.d + column] = weight;
    sums[(blockIdx.y * 2 + 1) * r.d + column] = bias;
}

/// dweight and dbias [d] each from the sums of the chunks, in their order.
template <class W>
__global__ void norm_columns_total_kernel(const W* sums, int64_t chunks, int64_t d, W* dweight,
                                          W* dbias) {
    const int64_t column = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (column >= d) return;
    W weight = 0, bias = 0;
    for (int64_t c = 0; c < chunks; ++c) {
        weight += sums[c * 2 * d + column];
        bias += sums[(c * 2 + 1) * d + column];
    }
    dweight[column] = weight;
    dbias[column] = bias;
}

}  // namespace hopscope::kernels::cuda
