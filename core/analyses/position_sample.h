// Routing positions of chosen tokens, read by a probe from plain passes over evaluation batches
// [def:silhouette]. Thread: whoever owns the weights; results are plain.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/model/model.h"
#include "core/text/batches.h"

namespace hopscope::core::analysis {

struct PositionSample {
    int64_t d_space = 0;
    std::vector<std::vector<double>> layers;  ///< [layers][rows, s] unit rows of hop 0
};

/// @param tokens rising indices into the input tokens of the evaluation batches, row by row
/// Errors: usage for a model without routing positions; interrupted.
Result<PositionSample> sample_positions(const Model& model, const BatchSource& source,
                                        const std::vector<int64_t>& tokens,
                                        const Progress& progress);

}  // namespace hopscope::core::analysis
