// Which experts of a layer are chosen together [def:coactivation], for choices of whatever model.
// Pure functions of plain values, any thread.
#pragma once

#include <cstdint>

#include "core/analyses/analysis.h"
#include "core/measure/routing_sample.h"

namespace hopscope::core::analysis {

/// Sets of k that tokens chose in a layer.
struct LayerChoices {
    int64_t layer = 0;  ///< as it is called in tables
    const LayerSample& sample;
    int64_t experts = 0, top_k = 0, tokens = 0;
};

/// The layer's part of the document; its rows go into the tables of `out`.
Fields chosen_together(const LayerChoices& choices, uint64_t seed, AnalysisOutput& out);

}  // namespace hopscope::core::analysis
