// Multi-head causal attention with rotary positions, the other half of a block beside the multi-hop
// layer (moe.h). A pure function of weights and input. Thread: whoever owns the weights.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>

#include "core/api/config.h"
#include "core/model/weights.h"
#include "kernels/ops.h"

namespace hopscope::core {

/// The share that is dropped there: 0 outside of training.
double dropout(const ModelConfig& config, DropoutPlace place, bool train);
/// Decides what is dropped; the generator goes on only where something is.
int64_t dropout_seed(double p);

/// Multi-head causal attention with RoPE. x [B·T, d] (already normalised) → [B·T, d]. `form` is
/// that of attention with dropout on the CPU; everywhere else LibTorch's own is the only one.
at::Tensor attention(const ModelConfig& config, const LayerWeights& w, const at::Tensor& x,
                     int64_t batch, bool train, kernels::Form form = kernels::Form::fused);

}  // namespace hopscope::core
