// What follows from a configuration by arithmetic alone: parameters, FLOPs a token, memory
// [def:parameters] [def:flops] [def:memory]. Counts every configuration that can be written. Pure
// functions, any thread; the Config must have passed check_config.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/config.h"

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
ParameterCounts count_parameters(const Config& config);
/// Of them those that work on one token: all but the experts that it does not choose
/// [def:active_parameters].
int64_t active_parameters(const Config& config);

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
FlopCounts count_flops(const Config& config);
/// FLOPs a token of each hop of a layer with `hops` hops, experts and routing: hops differ by their
/// pools (unrolled), by what re-routing computes, and by the always-on expert, which runs in hop 0.
std::vector<double> hop_flops(const Config& config, int64_t hops);

/// Bytes while training. bf16 means a 2-byte shadow of the weights and 2-byte activations; "auto"
/// counts as bf16 only where train.device is "cuda".
struct MemoryCounts {
    int64_t weights = 0;      ///< 4 a parameter, and 2 more under bf16
    int64_t optimizer = 0;    ///< two fp32 moments of each trained parameter
    int64_t gradients = 0;    ///< 4 a trained parameter
    int64_t activations = 0;  ///< estimate for one micro-batch: what the backward pass must keep
    int64_t total = 0;
};
MemoryCounts count_memory(const Config& config);

/// Width of the routing space: moe.d_space, or d_model where it routes in model space.
int64_t routing_width(const Config& c);

/// Sizes of the pools of a layer with `hops` hops: one pool of M for shared pools, else M split
/// over the hops with the larger ones first [def:unrolled_pools].
std::vector<int64_t> pool_sizes(const MoeConfig& moe, int64_t hops);

/// The parameter total in floating point: safe for any Config inside the ranges of its single keys.
double approximate_parameters(const Config& config);

}  // namespace hopscope::core
