// Multi-head causal attention with rotary positions, the other half of a block beside the multi-hop
// layer (moe.h). A pure function of weights and input. Thread: whoever owns the weights.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>

#include "core/api/config.h"
#include "core/model/past.h"
#include "core/model/weights.h"
#include "kernels/ops.h"

namespace hopscope::core {

/// The share that is dropped there: 0 outside of training.
double dropout(const ModelConfig& config, DropoutPlace place, bool train);
/// Decides what is dropped; the generator goes on only where something is.
int64_t dropout_seed(double p);

/// By how much positions turn the halves of a head against each other [def:block].
struct Rotation {
    at::Tensor cos, sin;  ///< [T, head_dim / 2]
};
/// Of the positions first … first + length − 1. Angles in fp64, rounded once, to the type of
/// `like`.
Rotation rotation(const ModelConfig& config, int64_t first, int64_t length,
                  const at::TensorOptions& like);

/// One layer of a pass, as attention sees it.
struct AttentionPass {
    int64_t batch;             ///< B
    const Rotation& rotation;  ///< of the T positions
    int64_t layer = 0;
    Past* past = nullptr;  ///< what the tokens see besides each other, and where they are put
    bool train = false;    ///< dropout on
    kernels::Form form = kernels::Form::fused;
};
/// Multi-head causal attention with RoPE. x [B·T, d] (already normalised) → [B·T, d], in the type
/// of sums (fp32).
at::Tensor attention(const ModelConfig& config, const LayerWeights& w, const at::Tensor& x,
                     const AttentionPass& pass);

}  // namespace hopscope::core
