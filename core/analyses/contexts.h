// Where each expert acts: its strongest uses and a sample over the whole range of them, by token
// of the evaluation batches. Thread: whoever owns the weights; results are plain.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/model/model.h"
#include "core/text/batches.h"

namespace hopscope::core::analysis {

/// One (token, hop) that chose an expert.
struct ExpertUse {
    int32_t token = 0;  ///< index into the input tokens of the batches, row by row
    int16_t hop = 0;
    float strength = 0;  ///< ‖weight · expert(h)‖, the norm of what it added (composition "sum")
    float weight = 0;    ///< of the routing
};

struct ExpertContexts {
    int64_t uses = 0;
    std::vector<ExpertUse> top;     ///< falling strength
    std::vector<ExpertUse> sample;  ///< one drawn from each equal part of all uses by rank, falling
};

/// [layers][M]. @param top how many of the strongest; `parts` how many equal parts are sampled
/// Errors: usage for a dense model; interrupted.
Result<std::vector<std::vector<ExpertContexts>>> expert_contexts(const Model& model,
                                                                 const BatchSource& source,
                                                                 int64_t batches, size_t top,
                                                                 size_t parts, uint64_t seed,
                                                                 const Progress& progress);

}  // namespace hopscope::core::analysis
