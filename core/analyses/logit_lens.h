// The logit lens [def:logit_lens]: what the head would say of the stream before and after each hop.
// Thread: whoever owns the weights; results are plain.
#pragma once

#include <cstdint>
#include <vector>

#include "core/measure/routing_sample.h"

namespace hopscope::core::analysis {

/// Of the true next token, at one stage of a layer; each number a mean over the batch's tokens.
struct LensStage {
    BatchMean p;     ///< probability
    BatchMean nll;   ///< −ln p, nats
    BatchMean rank;  ///< 1 + tokens with a larger logit
};

struct LogitLens {
    int64_t tokens = 0, batches = 0;
    /// [layers][H + 1]: stage 0 before the first hop, stage h after hop h. Dense layers have two.
    std::vector<std::vector<LensStage>> layers;
};

/// The state of a stage is what the stream would be if the layer ended there: the residual stream
/// (pre-LN block) plus scale · h_accum of the hops so far, and with returns = "state" plus x; so
/// the last stage is the stream that leaves the layer. Through the final norm and the head.
/// @param batches  at most so many evaluation batches
/// @param a_batch  tokens drawn (seeded) from each
/// Errors: interrupted.
Result<LogitLens> logit_lens(const Model& model, const BatchSource& source, int64_t batches,
                             int64_t a_batch, uint64_t seed, const Progress& progress);

}  // namespace hopscope::core::analysis
