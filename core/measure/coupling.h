// How far each router row points where its own expert reads [def:coupling], from the weights
// alone. Thread: whoever owns the weights; results are plain values.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/alignment.h"
#include "core/api/config.h"
#include "core/model/weights.h"

namespace hopscope::core {

/// One entry for each matrix and each hop whose rows differ. Empty without router rows or with
/// static experts.
std::vector<Alignment> alignments(const Config& config, const LayerWeights& w, int64_t layer);

/// What is recorded while a run trains (LayerScalars): cheap, no decomposition. NaN where
/// undefined.
struct LiveGeometry {
    double coupling;        ///< mean over experts of Alignment::cosine with what is read, over hops
    double collinearity;    ///< mean cosine of pairs of router rows
    double nearest_cosine;  ///< mean over rows of the largest cosine to another
};
LiveGeometry live_geometry(const Config& config, const LayerWeights& w, int64_t layer);

}  // namespace hopscope::core
