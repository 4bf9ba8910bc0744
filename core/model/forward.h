// The one forward pass, for training, evaluation, trace and intervention alike (architecture.md,
// Numerics). A pure function of weights, tokens and options; it owns nothing. Thread: whoever owns
// the weights.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

#include "core/api/config.h"
#include "core/model/weights.h"
#include "core/probe/probe.h"
#include "kernels/ops.h"

namespace hopscope::core {

struct ForwardOptions {
    bool train = false;       ///< dropout on; draws from the default generator of the device
    bool statistics = false;  ///< fill LayerStats
    Controls controls;
    Probe* probe = nullptr;  ///< not owned
    kernels::Form form = kernels::Form::fused;
};

/// Routing statistics of one layer in one pass, means over tokens and executed hops.
struct LayerStats {
    double entropy = 0, max_prob = 0;  ///< nats; probability
    std::vector<double> jaccard;       ///< [executed hops − 1] consecutive hops (E11)
    std::vector<int64_t> counts;       ///< [M] choices
    std::vector<int64_t> executed;     ///< [H] tokens that ran each hop
};

struct ForwardOut {
    at::Tensor hidden;   ///< [B·T, d] after the final LayerNorm
    at::Tensor balance;  ///< [] balance term: mean over layers and hops of M Σ f_i p_i (E8);
                         ///< undefined for dense
    std::vector<LayerStats> stats;
};

/// @param ids [B, T] int64 on the device of the weights, T ≤ max_seq_len
ForwardOut forward(const Config& config, const Weights& weights, const at::Tensor& ids,
                   const ForwardOptions& options);

/// Multi-head causal attention with RoPE. x [B·T, d] (already normalised) → [B·T, d].
at::Tensor attention(const ModelConfig& config, const LayerWeights& w, const at::Tensor& x,
                     int64_t batch, bool train);

struct MoeOut {
    at::Tensor out;      ///< [T, d] what the block adds to the stream
    at::Tensor balance;  ///< []
};

/// One ST-MoE layer, Algorithm 1 (science.md A4, E1, E2). x [T, d] = LN(block input).
MoeOut moe(const Config& config, const Weights& all, int64_t layer, const at::Tensor& x,
           const ForwardOptions& options, LayerStats* stats);

/// y = x Wᵀ + b in the type of W.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace hopscope::core
