// Countings of who was routed where, over the choices of a RoutingSample: groups of tokens against
// experts, experts against each other, labels of tokens against experts [def:grammar]
// [def:coactivation] [def:specialisation]. Pure functions of plain numbers, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/measure/routing_sample.h"
#include "core/stats/proportions.h"

namespace hopscope::core {

/// [M] a 2 × 2 table an expert: tokens of group 0 (a routed to it in some hop of the layer, b not)
/// and of group 1 (c, d). `groups` [tokens]; tokens with another value are left out.
std::vector<stats::Table2> group_tables(const LayerSample& layer, int64_t experts, int64_t top_k,
                                        std::span<const int8_t> groups);

/// [M, M] row-major: (token, hop) pairs whose set holds both experts; on the diagonal those that
/// hold the one.
std::vector<int64_t> pair_counts(const LayerSample& layer, int64_t experts, int64_t top_k);

/// Labels of tokens against experts.
struct LabelCounts {
    std::vector<int64_t> chosen;  ///< [M, labels] (token, hop) pairs whose set holds the expert
    std::vector<int64_t> tokens;  ///< [labels]
};
/// `labels` [tokens] in 0 … count − 1; others are left out.
LabelCounts label_counts(const LayerSample& layer, int64_t experts, int64_t top_k,
                         std::span<const int32_t> labels, int64_t count);

/// Tokens that chose the expert in some hop, rising.
std::vector<int64_t> tokens_of(const LayerSample& layer, int64_t top_k, int64_t expert);

/// Hops of the layer whose pool holds the expert: all for shared pools, one for unrolled ones.
int64_t turns_of(const LayerSample& layer, int64_t expert);

}  // namespace hopscope::core
