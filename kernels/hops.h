// All hops of a layer for the few tokens of a step of decoding: cosine routing and summed experts,
// without gradients and statistics. What does not change from token to token is prepared once,
// among it the rows that experts write as the projection sees them, so that a hop is routed without
// projecting the state again. On the CPU; any thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

#include "kernels/ops.h"

namespace hopscope::kernels {

/// Guard of the denominator of the halting ratio [def:halting].
inline constexpr double kHaltEps = 1e-6;

/// A layer as its hops read it, for as long as its weights stay as they are; fp32 or fp64.
struct HopBank {
    at::Tensor proj;     ///< [s, d], or one a hop [H, s, d]; undefined: identity
    at::Tensor unit;     ///< [s, M] centroids of length 1, a column an expert
    ExpertBank experts;  ///< of all pools
    /// [M, r, s], of fixed experts [M, s]: the rows that are written, times projᵀ. The state of a
    /// hop is x + Σ c_i u_i, so its projection is proj x + Σ c_i (proj u_i). Undefined: each hop
    /// projects its state, which a projection of its own asks for.
    at::Tensor seen;
};
/// @param centroids [M, s]
/// @param gram whether to make `seen`; of one projection for all hops
HopBank hop_bank(const at::Tensor& proj, const at::Tensor& centroids, const ExpertBank& experts,
                 bool gram);

/// The experts [offset, offset + size) that a hop chooses from.
struct HopPool {
    int64_t offset = 0, size = 0;
};

struct HopRules {
    std::vector<HopPool> pools;  ///< one a hop
    int64_t k = 1;               ///< chosen experts a hop
    double tau = 1;              ///< as `route`
    bool renormalise = true;     ///< as `route`
    bool frozen = false;         ///< all hops use the choice and the pool of the first
    std::vector<double>
        epsilon;  ///< [T] a token stops behind a hop with a smaller ratio; empty: never
    std::vector<int64_t> most;  ///< [T] hops a token runs at most; empty: all
};

struct HopsOut {
    at::Tensor update;  ///< [T, d] Σ dh over the hops that ran
    at::Tensor ratio;  ///< [T, H] ‖dh‖ / (‖x + Σ dh‖ + 1e-6) behind each hop; NaN where none ran
};

/// @param x [T, d] of the bank's type; T ≥ 1
HopsOut hops(const at::Tensor& x, const HopBank& bank, const HopRules& rules,
             Form form = Form::fused);

/// The experts of a pool; rows that are not there stay undefined.
ExpertBank bank_of_pool(const ExpertBank& bank, HopPool pool);

}  // namespace hopscope::kernels
