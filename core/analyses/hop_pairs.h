// How alike the expert sets of consecutive hops are, as numbers of a document. Pure functions, any
// thread.
#pragma once

#include <string>

#include "core/analyses/analysis.h"
#include "core/measure/routing_sample.h"

namespace hopscope::core::analysis {

/// A number of each pair of consecutive hops, [layer][pair], and the mean of all.
struct HopPairs {
    Estimates per_layer;
    Estimate mean;
};
/// Their Jaccard, or with `divergence` 1 − it; a row of `table` each, under `column`.
HopPairs hop_pairs(const RoutingSample& sample, bool divergence, const std::string& column,
                   uint64_t seed, Table& table);

}  // namespace hopscope::core::analysis
