// The multi-hop mixture-of-experts layer: a token goes to experts hop by hop, each hop routed from
// where the last one has left it. A pure function of weights and input. Thread: whoever owns the
// weights.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

#include "core/model/forward.h"

namespace hopscope::core {

struct MoeOut {
    at::Tensor out;         ///< [T, d] what the block adds to the stream
    at::Tensor balance, z;  ///< [] means over hops, or undefined
    std::vector<Assignment> assignments;
};

/// One ST-MoE layer, Algorithm 1 [def:multi_hop] [def:returns]. x [T, d] = LN(block input).
/// A shared expert is an always-on expert of the first hop: its output is part of dh of that hop.
MoeOut moe(const Model& model, int64_t layer, const at::Tensor& x, const TokenBatch& tokens,
           const ForwardOptions& options, LayerStats* stats);

}  // namespace hopscope::core
