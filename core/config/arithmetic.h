// What follows from a configuration by arithmetic alone: parameters, FLOPs a token, memory
// [def:parameters] [def:flops] [def:memory]. Counts every configuration that can be written. Pure
// functions, any thread; the Config must have passed check_config.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/config.h"
#include "core/api/model_sheet.h"

namespace hopscope::core {

ParameterCounts count_parameters(const Config& config);
/// Of them those that work on one token: all but the experts that it does not choose
/// [def:active_parameters].
int64_t active_parameters(const Config& config);
FlopCounts count_flops(const Config& config);
MemoryCounts count_memory(const Config& config);
/// All of these.
ModelCounts count_model(const Config& config);

/// FLOPs a token of each hop of a layer with `hops` hops: hops differ by their pools (unrolled), by
/// what re-routing computes, and by the always-on expert, which runs in hop 0.
std::vector<HopFlops> flops_of_hops(const Config& config, int64_t hops);
/// The totals of these.
std::vector<double> hop_flops(const Config& config, int64_t hops);

/// Width of the routing space: moe.d_space, or d_model where it routes in model space.
int64_t routing_width(const Config& c);

/// Sizes of the pools of a layer with `hops` hops: one pool of M for shared pools, else M split
/// over the hops with the larger ones first [def:unrolled_pools].
std::vector<int64_t> pool_sizes(const MoeConfig& moe, int64_t hops);

/// The parameter total in floating point: safe for any Config inside the ranges of its single keys.
double approximate_parameters(const Config& config);

}  // namespace hopscope::core
