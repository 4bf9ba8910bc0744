// A routing sample is what a model does with the tokens of some evaluation batches, layer by layer:
// the choices of its routers and means of what is measured beside them, gathered by a probe in
// plain passes [def:jaccard] [def:displacement] [def:norms] [def:echo] [def:entropy]. Thread:
// whoever owns the weights; results are plain.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/model/model.h"
#include "core/text/batches.h"

namespace hopscope::core {

/// A mean over tokens with what an interval over batches needs.
struct BatchMean {
    std::vector<double> batches;  ///< mean of each batch
    double mean() const;
};

/// What one hop of a layer chose, token by token in the order of the batches.
struct HopChoices {
    int64_t pool_offset = 0, pool_size = 0;
    std::vector<int32_t> experts;  ///< [tokens, k] over all pools, falling weight
};

/// h_accum against dh_0 of one layer: sums over the tokens of each batch.
struct FirstHop {
    std::vector<double> product;     ///< <h_accum, dh_0>
    std::vector<double> first, all;  ///< |dh_0|², |h_accum|²
};

struct LayerSample {
    std::vector<BatchMean> jaccard;  ///< [H − 1] consecutive hops [def:jaccard]
    BatchMean echo;                  ///< cos(dh_0, dh_1) [def:echo]; no batches for H = 1
    BatchMean displacement;  ///< ‖pos_{H−1} − pos_0‖ [def:displacement]; none without positions
    BatchMean relative_update;  ///< ‖h_accum‖ / ‖x‖, x = normalised input [def:displacement]
    BatchMean norm_ratio;       ///< ‖h_accum‖ / ‖attention output‖ [def:norms]
    BatchMean entropy, max_prob;   ///< full softmax, mean over hops [def:entropy]; none for hash
    std::vector<int64_t> counts;   ///< [M] choices
    std::vector<HopChoices> hops;  ///< [H]
    FirstHop first_hop;            ///< before the output scale; no batches for H = 1
};

struct RoutingSample {
    int64_t tokens = 0, batches = 0;
    int64_t top_k = 0, experts = 0;
    std::vector<LayerSample> layers;
    /// [layer][earlier layer] Jaccard of the index sets of their first hops. Experts of two layers
    /// have only their number in common, so independent choices are what to expect.
    std::vector<std::vector<BatchMean>> layer_jaccard;
};

/// @param batches at most so many of source's evaluation batches
/// Errors: usage for a dense model; interrupted.
Result<RoutingSample> sample_routing(const Model& model, const BatchSource& source, int64_t batches,
                                     const Progress& progress);

}  // namespace hopscope::core
