// Where an expert acts: the tokens of the probe sample that it has most weight for, with what
// stands around them. Pure functions, window thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/snapshot.h"

namespace hopscope::app {

/// A token of the sample whose routing gives much weight to an expert.
struct ExpertContext {
    int64_t token = 0;                 ///< of the sample
    int64_t hop = 0;                   ///< of its largest weight
    float weight = 0;                  ///< NaN where choices have none
    std::string before, piece, after;  ///< of its sequence, as people read them
};
/// The `most` of largest weight, each token once; the first where there are no weights. `length`:
/// tokens of a text of the sample where it does not say it itself; 0: unknown, then nothing stands
/// around.
std::vector<ExpertContext> contexts_of(const core::GeometrySnapshot& snapshot, size_t layer,
                                       int64_t expert, size_t most, int64_t length);

}  // namespace hopscope::app
