// Overlap of the expert sets of two layers [def:jaccard], for choices of whatever model. Pure
// functions, any thread.
#pragma once

#include <cstdint>

#include "core/analyses/document.h"

namespace hopscope::core::analysis {

/// Expected Jaccard of two k-sets drawn at random from pools of a and b experts, numbered from 0.
double random_jaccard(int64_t a, int64_t b, int64_t k);

/// Index sets of two layers; `random`: what even draws would give.
Fields layer_pair(int64_t layer, int64_t other, const Estimate& found, double random);

}  // namespace hopscope::core::analysis
