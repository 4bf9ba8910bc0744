// Device code of the experts: forward, and backward for tokens, weights and rows. Each pair (token,
// slot) is a few rows, some read and one written; nothing of size tokens × k × d exists. One warp
// has a token, or a tile of columns of an expert's row, so that every sum has one owner and one
// order. The kinds differ in how many rows of an expert read the token: none (fixed), one (mlp) or
// two (swiglu). Tensors are fp32, fp64 or bf16; sums, activations and coefficients are wide.
#pragma once

#include <cmath>

#include "kernels/cuda/warp.cuh"

namespace hopscope::kernels::cuda {

constexpr int kExpertWarps = 4;  ///< warps of a block
constexpr int kTilePerLane = 8;  ///< columns that a lane sums up at once
constexpr int64_t kTile = static_cast<int64_t>(kTilePerLane) * kWarp;

/// Sizes and addresses of one pass over the slots [first, first + count) of each token, which are
/// cut into `groups` equal runs with one output each.
template <class T>
struct ExpertPass {
    int64_t tokens, k, r, d;
    int64_t first, count, groups;
    const int64_t* idx;      ///< [T, k]
    const T *h, *w, *write;  ///< [T, d], [T, k], [M, r, d]
    const T* read[2];        ///< [M, r, d] each

    __device__ int64_t per_group() const { return count / groups; }
    /// First element of the row of an expert's rank q.
    __device__ int64_t row(int64_t pair, int64_t q) const { return (idx[pair] * r + q) * d; }
    /// First element of the token's row in the output (or its gradient) that slot j of the pass
    /// belongs to.
    __device__ int64_t out_row(int64_t j, int64_t t) const {
        return (j / per_group() * tokens + t) * d;
    }
};

template <class T>
__device__ inline T sigmoid(T a) {
    return T(1) / (T(1) + std::exp(-a));
}

/// What multiplies the written row: 1, SiLU(a) or SiLU(a)·b.
template <int kReads, class T>
__device__ inline T activation(const T* pre) {
    T out = T(1);
    if constexpr (kReads > 0) out = pre[0] * sigmoid(pre[0]);
    if constexpr (kReads == 2) out *= pre[1];
    return out;
}

/// Its derivative by pre-activation c.
template <int kReads, class T>
__device__ inline T slope(const T* pre, int c) {
    const T a = pre[0], sig = sigmoid(a);
    if (c == 1) return a * sig;
    const T silu = sig * (T(1) + a * (T(1) - sig));
    return kReads == 2 ? silu * pre[1] : silu;
}

/// <a, b> over d columns, in all lanes.
template <class T>
__device__ inline Wide<T> warp_dot(const T* a, const T* b, int64_t d) {
    Wide<T> sum = 0;
    for (int64_t c = lane_of_warp(); c < d; c += kWarp)
        sum += static_cast<Wide<T>>(a[c]) * static_cast<Wide<T>>(b[c]);
    return warp_sum(sum);
}

/// The columns of a tile that a lane sums up, for one row of an output.
template <class T>
struct Tile {
    Wide<T> sum[kTilePerLane] = {};

    /// += a · x, for the tile that begins at column `begin` of x [d].
    __device__ void add(Wide<T> a, const T* x, int64_t begin, int64_t d) {
        for (int i = 0; i < kTilePerLane; ++i) {
            const int64_t c = begin + i * kWarp + lane_of_warp();
            if (c < d) sum[i] += a * static_cast<Wide<T>>(x[c]);
        }
    }
    /// y += what was summed up.
    __device__ void add_to(T* y, int64_t begin, int64_t d) const {
        for (int i = 0; i < kTilePerLane; ++i) {
            const int64_t c = begin + i * kWarp + lane_of_warp();
            if (c < d) y[c] = static_cast<T>(static_cast<Wide<T>>(y[c]) + sum[i]);
        }
    }
};

/// The pre-activations of a token's slots, by its warp, for all lanes to read.
template <int kReads, class T>
__device__ inline void store_pre(const ExpertPass<T>& p, int64_t t, Wide<T>* pre_all) {
    const int64_t first = t * p.k + p.first;
    for (int64_t j = 0; j < p.count; ++j)
        for (int64_t q = 0; q < p.r; ++q)
            for (int c = 0; c < kReads; ++c) {
                const Wide<T> a = warp_dot(p.h + t * p.d, p.read[c] + p.row(first + j, q), p.d);
                if (lane_of_warp() == 0) pre_all[((first + j) * p.r + q) * kReads + c] = a;
            }
    __syncwarp();  // the first lane wrote them
}

/// dh of a token, from the coefficients of its slots, by its warp.
template <int kReads, class T>
__device__ inline void add_to_token(const ExpertPass<T>& p, int64_t t, const Wide<T>* to_all,
                                    T* dh) {
    const int64_t first = t * p.k + p.first;
    for (int64_t begin = 0; begin < p.d; begin += kTile) {
        Tile<T> tile;
        for (int64_t j = 0; j < p.count; ++j)
            for (int64_t q = 0; q < p.r; ++q)
                for (int c = 0; c < kReads; ++c)
                    tile.add(to_all[((first + j) * p.r + q) * (kReads + 1) + c],
                             p.read[c] + p.row(first + j, q), begin, p.d);
        tile.add_to(dh + t * p.d, begin, p.d);
    }
}

/// One warp a token: adds the updates of its slots to out [groups, T, d]. Without `have_pre` the
/// pre-activations [T, k, r, kReads] are computed and stored first.
template <int kReads, class T>
__global__ void experts_forward_kernel(ExpertPass<T> p, bool have_pre, Wide<T>* pre_all, T* out) {
    const int64_t t = warp_of_grid();
    if (t >= p.tokens) return;
    const int64_t first = t * p.k + p.first;
    if (kReads > 0 && !have_pre) store_pre<kReads>(p, t, pre_all);
    for (int64_t g = 0; g < p.groups; ++g)
        for (int64_t begin = 0; begin < p.d; begin += kTile) {
            Tile<T> tile;
            for (int64_t j = g * p.per_group(); j < (g + 1) * p.per_group(); ++j)
                for (int64_t q = 0; q < p.r; ++q) {
                    const Wide<T>* pre = pre_all + ((first + j) * p.r + q) * kReads;
                    tile.add(static_cast<Wide<T>>(p.w[first + j]) * activation<kReads>(pre),
                             p.write + p.row(first + j, q), begin, p.d);
                }
            tile.add_to(out + p.out_row(g * p.per_group(), t), begin, p.d);
        }
}

/// One warp a token: writes dw [T, k] of its slots and the coefficients `to` [T, k, r, kReads + 1]
/// (for the rows that read, then the one that is written), and adds to dh [T, d].
/// @param grad [groups, T, d]
template <int kReads, class T>
__global__ void experts_backward_kernel(ExpertPass<T> p, const Wide<T>* pre_all, const T* grad,
                                        T* dh, T* dw, Wide<T>* to_all) {
    const int64_t t = warp_of_grid();
    if (t >= p.tokens) return;
    const int64_t first = t * p.k + p.first;
    for (int64_t j = 0; j < p.count; ++j) {
        const auto w = static_cast<Wide<T>>(p.w[first + j]);
        Wide<T> sum = 0;
        for (int64_t q = 0; q < p.r; ++q) {
            const int64_t at = (first + j) * p.r + q;
            const Wide<T> along =
                warp_dot(grad + p.out_row(j, t), p.write + p.row(first + j, q), p.d);
            const Wide<T>* pre = pre_all + at * kReads;
            const Wide<T> act = activation<kReads>(pre);
            sum += along * act;
            if (lane_of_warp() != 0) continue;
            Wide<T>* to = to_all + at * (kReads + 1);
            to[kReads] = w * act;
            for (int c = 0; c < kReads; ++c) to[c] = along * w * slope<kReads>(pre, c);
        }
        if (lane_of_warp() == 0) dw[first + j] = static_cast<T>(sum);
    }
    __syncwarp();  // the first lane wrote the coefficients
    if constexpr (kReads > 0) add_to_token<kReads>(p, t, to_all, dh);
}

/// Gradients of the rows, [M, r, d] each.
template <class T>
struct RowGrads {
    T* read[2];
    T* write;
};

/// Warps that row_gradients_kernel needs.
__host__ __device__ inline int64_t row_gradient_warps(int64_t experts, int64_t r, int64_t d) {
    return experts * r * ((d + kTile - 1) / kTile);
}

/// One warp a tile of columns of an expert's row: adds up what the expert's pairs say, in rising
/// token order. All rows of a tile come before the next tile, so that the columns of h and of the
/// gradient that a tile needs stay in the cache.
/// @param first [M + 1], pairs: as place_pairs_kernel leaves them
template <int kReads, class T>
__global__ void row_gradients_kernel(ExpertPass<T> p, int64_t experts, const int* first,
                                     const int* pairs, const T* grad, const Wide<T>* to_all,
                                     RowGrads<T> out) {
    const int64_t warp = warp_of_grid();
    if (warp >= row_gradient_warps(experts, p.r, p.d)) return;
    const int64_t rows = experts * p.r, row = warp % rows, begin = warp / rows * kTile;
    const int64_t e = row / p.r, q = row % p.r;
    Tile<T> written, read[kReads > 0 ? kReads : 1];
    for (int i = first[e]; i < first[e + 1]; ++i) {
        const int64_t pair = pairs[i], t = pair / p.k;
        const Wide<T>* to = to_all + (pair * p.r + q) * (kReads + 1);
        written.add(to[kReads], grad + p.out_row(pair % p.k - p.first, t), begin, p.d);
        for (int c = 0; c < kReads; ++c) read[c].add(to[c], p.h + t * p.d, begin, p.d);
    }
    written.add_to(out.write + row * p.d, begin, p.d);
    for (int c = 0; c < kReads; ++c) read[c].add_to(out.read[c] + row * p.d, begin, p.d);
}

}  // namespace hopscope::kernels::cuda
