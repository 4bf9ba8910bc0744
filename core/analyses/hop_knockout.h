// What the model loses where one hop, or one expert of one layer, writes nothing
// [def:hop_knockout]: maps over layers and hops. Thread: whoever owns the weights; results are
// plain values.
#pragma once

#include <cstdint>
#include <vector>

#include "core/measure/routing_sample.h"

namespace hopscope::core::analysis {

/// KL(base ‖ changed) in nats of the next-token distributions, mean over positions, of each batch.
struct KnockoutEffect {
    BatchMean kl;
    double largest = 0;  ///< of any position
};

/// Each (layer, hop) in turn has its update zeroed [def:hop_knockout]: [layer][hop]. A map for
/// asymmetric hop vectors. Errors: usage for a dense model; interrupted.
Result<std::vector<std::vector<KnockoutEffect>>> hop_knockout(const Model& model,
                                                              const BatchSource& source,
                                                              int64_t batches,
                                                              const Progress& progress);

/// Of one layer whose first-ranked expert writes nothing: each token's own, its weight stays out of
/// use and the other weights as they are.
struct ExpertKnockout {
    KnockoutEffect all;                ///< in all hops of the layer
    std::vector<KnockoutEffect> hops;  ///< [H] in one hop alone; of one hop the same as `all`
    /// Control: the second-ranked expert instead, in all hops. No batches for top-1 routing.
    KnockoutEffect second;
};

/// The test of arXiv 2604.14434, one layer at a time: [layer].
/// Errors: usage for a dense model; interrupted.
Result<std::vector<ExpertKnockout>> expert_knockout(const Model& model, const BatchSource& source,
                                                    int64_t batches, const Progress& progress);

}  // namespace hopscope::core::analysis
