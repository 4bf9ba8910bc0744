// What a model consists of by its configuration alone: how many numbers it holds and how much it
// computes and keeps, in all and part by part, and each of its tensors by name. What `hopscope
// info` prints and the window draws. Plain values without tensors, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/groups.h"

namespace hopscope::core {

/// Elements by group. `total` is the sum of embedding, attention, experts, routing, norms, dense
/// and other.
struct ParameterCounts {
    int64_t total = 0;
    int64_t embedding = 0;  ///< tied with the output head, counted once
    int64_t attention = 0;  ///< q, k, v, o with their biases
    int64_t experts = 0;    ///< and the always-on expert
    int64_t routing = 0;    ///< projection + centroids + kinematic + linear
    int64_t routing_projection = 0;
    int64_t routing_centroids = 0;
    int64_t routing_kinematic = 0;
    int64_t routing_linear = 0;
    int64_t routing_live = 0;  ///< without vectors that nothing reads [def:parameters]
    int64_t norms = 0;         ///< of the blocks, the final one and the embedding's
    int64_t dense = 0;         ///< dense FFN
    int64_t other = 0;         ///< learned tau, output scales, selection biases
};
/// Forward pass, one token, all layers; a multiply-add counts 2; norms, softmax and activations are
/// left out.
struct FlopCounts {
    double experts = 0;  ///< 2 · 2 · d · k · r a hop [def:flops]
    double routing = 0;  ///< 2 · d · s + 2 · M · s a hop [def:flops]
    double attention =
        0;  ///< the four projections, and scores and sums over a mean context of seq_len / 2
    double head = 0;   ///< 2 · d · V
    double dense = 0;  ///< dense FFN: 4 · d · d_ff a layer
    double total = 0;
};

/// FLOPs a token of one hop of one layer [def:flops]. 0 where the hop does not do it.
struct HopFlops {
    double projection = 0;  ///< 2 · d · s: into the routing space
    double scores = 0;      ///< against every row of the pool
    double moved = 0;       ///< 2 · k · s: the position by the experts' kinematic vectors
    double experts = 0;     ///< of the k chosen experts
    double shared = 0;      ///< of the always-on expert, in hop 0
    double routing() const { return projection + scores + moved; }
    double total() const { return routing() + experts + shared; }
};

/// Bytes while training. bf16 means a 2-byte shadow of the weights and 2-byte activations on a GPU,
/// a shadow of embedding, attention and dense layers alone on a CPU; "auto" counts as bf16 only
/// where train.device is "cuda".
struct MemoryCounts {
    int64_t weights = 0;      ///< 4 a parameter, and 2 more of a shadow
    int64_t optimizer = 0;    ///< two fp32 moments of each trained parameter
    int64_t gradients = 0;    ///< 4 a trained parameter
    int64_t activations = 0;  ///< estimate for one micro-batch: what the backward pass must keep
    int64_t total = 0;
};

struct ModelCounts {
    ParameterCounts parameters;
    int64_t active = 0;  ///< parameters that work on one token [def:active_parameters]
    FlopCounts flops;
    MemoryCounts memory;
};

/// One tensor of a model, as its checkpoints name it.
struct TensorEntry {
    std::string name;
    std::vector<int64_t> shape;  ///< empty: a single number
    int64_t elements = 0;
    int64_t layer = -1;  ///< −1: of the whole model
    Group group = Group::norms;
    bool learns = true;  ///< whether a gradient may reach it
};

struct ModelSheet {
    ModelCounts counts;
    std::vector<std::vector<HopFlops>> hops;  ///< [layers][hops of the layer]; [layers][0]: dense
    std::vector<TensorEntry> tensors;         ///< all, in file order
};

}  // namespace hopscope::core
