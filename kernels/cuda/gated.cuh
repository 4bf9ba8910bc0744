// Device code of experts that gate each other, Σ_i u_i ⊙ σ(total − u_i) with total = Σ_j u_j
// [def:composition], all slots at once: the update u of a slot is made again from its expert's rows
// wherever it is needed, so that of the size tokens × d there are total and one more tensor. As in
// experts.cuh one warp has a token, or a tile of columns of an expert's row.
#pragma once

#include "kernels/cuda/experts.cuh"

namespace hopscope::kernels::cuda {

/// Column c of the update of a pair, from w · activation of its ranks, `stride` apart.
template <class T>
__device__ inline Wide<T> update_at(const ExpertPass<T>& p, int64_t pair, const Wide<T>* weights,
                                    int64_t stride, int64_t c) {
    Wide<T> u = 0;
    for (int64_t q = 0; q < p.r; ++q)
        u += weights[q * stride] * static_cast<Wide<T>>(p.write[p.row(pair, q) + c]);
    return u;
}

/// What the gradient of the output is multiplied by to be that of u: σ(total − u) + what the gates
/// of the others owe to it, where `shared` is Σ_j u_j σ' (total − u_j).
template <class W>
__device__ inline W gate_slope(W total, W shared, W u) {
    const W gate = sigmoid(total - u);
    return gate + shared - u * gate * (W(1) - gate);
}

/// w · activation of the ranks of a token's slots, [T, k, r] in steps of kReads + 1 from
/// `to_all` + kReads on: where the backward pass keeps the coefficients of the written rows. By the
/// token's warp, for all lanes to read.
template <int kReads, class T>
__device__ inline void store_weights(const ExpertPass<T>& p, int64_t t, const Wide<T>* pre_all,
                                     Wide<T>* to_all) {
    for (int64_t i = lane_of_warp(); i < p.k * p.r; i += kWarp) {
        const int64_t at = t * p.k * p.r + i;
        to_all[at * (kReads + 1) + kReads] =
            static_cast<Wide<T>>(p.w[at / p.r]) * activation<kReads>(pre_all + at * kReads);
    }
    __syncwarp();  // every lane wrote some
}

/// One warp a token: stores pre [T, k, r, kReads], the coefficients `to` of the written rows as
/// store_weights does, total and out [T, d].
template <int kReads, class T>
__global__ void gated_forward_kernel(ExpertPass<T> p, Wide<T>* pre_all, Wide<T>* to_all, T* total,
                                     T* out) {
    const int64_t t = warp_of_grid();
    if (t >= p.tokens) return;
    if (kReads > 0) store_pre<kReads>(p, t, pre_all);
    store_weights<kReads>(p, t, pre_all, to_all);
    constexpr int64_t kStride = kReads + 1;
    const Wide<T>* weights = to_all + t * p.k * p.r * kStride + kReads;
    for (int64_t c = lane_of_warp(); c < p.d; c += kWarp) {
        Wide<T> all = 0, gated = 0;
        for (int64_t j = 0; j < p.k; ++j)
            all += update_at(p, t * p.k + j, weights + j * p.r * kStride, kStride, c);
        for (int64_t j = 0; j < p.k; ++j) {
            const Wide<T> u = update_at(p, t * p.k + j, weights + j * p.r * kStride, kStride, c);
            gated += u * sigmoid(all - u);
        }
        total[t * p.d + c] = static_cast<T>(all);
        out[t * p.d + c] = static_cast<T>(gated);
    }
}

/// One warp a token: writes dw [T, k], the coefficients `to` [T, k, r, kReads + 1], shared [T, d],
/// and adds to dh [T, d].
template <int kReads, class T>
__global__ void gated_backward_kernel(ExpertPass<T> p, const Wide<T>* pre_all, const T* total,
                                      const T* grad, T* dh, T* dw, Wide<T>* to_all,
                                      Wide<T>* shared) {
    const int64_t t = warp_of_grid();
    if (t >= p.tokens) return;
    store_weights<kReads>(p, t, pre_all, to_all);
    constexpr int64_t kStride = kReads + 1;
    const Wide<T>* weights = to_all + t * p.k * p.r * kStride + kReads;
    for (int64_t c = lane_of_warp(); c < p.d; c += kWarp) {
        const auto all = static_cast<Wide<T>>(total[t * p.d + c]);
        Wide<T> sum = 0;
        for (int64_t j = 0; j < p.k; ++j) {
            const Wide<T> u = update_at(p, t * p.k + j, weights + j * p.r * kStride, kStride, c);
            const Wide<T> gate = sigmoid(all - u);
            sum += u * gate * (Wide<T>(1) - gate);
        }
        shared[t * p.d + c] = sum;  // read again by the same lane alone
    }
    for (int64_t j = 0; j < p.k; ++j) {
        const int64_t pair = t * p.k + j;
        const auto w = static_cast<Wide<T>>(p.w[pair]);
        Wide<T> of_weight = 0;
        for (int64_t q = 0; q < p.r; ++q) {
            Wide<T> along = 0;
            for (int64_t c = lane_of_warp(); c < p.d; c += kWarp) {
                const Wide<T> u = update_at(p, pair, weights + j * p.r * kStride, kStride, c);
                const Wide<T> du =
                    static_cast<Wide<T>>(grad[t * p.d + c]) *
                    gate_slope(static_cast<Wide<T>>(total[t * p.d + c]), shared[t * p.d + c], u);
                along += du * static_cast<Wide<T>>(p.write[p.row(pair, q) + c]);
            }
            along = warp_sum(along);
            const int64_t at = pair * p.r + q;
            const Wide<T>* pre = pre_all + at * kReads;
            of_weight += along * activation<kReads>(pre);
            if (lane_of_warp() != 0) continue;
            for (int c = 0; c < kReads; ++c)
                to_all[at * kStride + c] = along * w * slope<kReads>(pre, c);
        }
        if (lane_of_warp() == 0) dw[pair] = static_cast<T>(of_weight);
    }
    __syncwarp();  // the first lane wrote the coefficients
    if constexpr (kReads > 0) add_to_token<kReads>(p, t, to_all, dh);
}

/// One warp a tile of columns of an expert's row, as row_gradients_kernel.
template <int kReads, class T>
__global__ void gated_row_gradients_kernel(ExpertPass<T> p, int64_t experts, const int* first,
                                           const int* pairs, const T* total, const Wide<T>* shared,
                                           const T* grad, const Wide<T>* to_all, RowGrads<T> out) {
    const int64_t warp = warp_of_grid();
    if (warp >= row_gradient_warps(experts, p.r, p.d)) return;
    const int64_t rows = experts * p.r, row = warp % rows, begin = warp / rows * kTile;
    const int64_t e = row / p.r, q = row % p.r;
    constexpr int64_t kStride = kReads + 1;
    Tile<T> written, read[kReads > 0 ? kReads : 1];
    for (int i = first[e]; i < first[e + 1]; ++i) {
        const int64_t pair = pairs[i], t = pair / p.k;
        const Wide<T>* weights = to_all + pair * p.r * kStride + kReads;
        for (int n = 0; n < kTilePerLane; ++n) {
            const int64_t c = begin + n * kWarp + lane_of_warp();
            if (c >= p.d) continue;
            const Wide<T> u = update_at(p, pair, weights, kStride, c);
            written.sum[n] +=
                weights[q * kStride] * static_cast<Wide<T>>(grad[t * p.d + c]) *
                gate_slope(static_cast<Wide<T>>(total[t * p.d + c]), shared[t * p.d + c], u);
        }
        const Wide<T>* to = to_all + (pair * p.r + q) * kStride;
        for (int c = 0; c < kReads; ++c) read[c].add(to[c], p.h + t * p.d, begin, p.d);
    }
    written.add_to(out.write + row * p.d, begin, p.d);
    for (int c = 0; c < kReads; ++c) read[c].add_to(out.read[c] + row * p.d, begin, p.d);
}

}  // namespace hopscope::kernels::cuda
