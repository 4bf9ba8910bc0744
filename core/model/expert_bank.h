// The experts of a layer as the operators take them. Pure functions, any thread.
#pragma once

#include "core/model/pools.h"
#include "core/model/weights.h"
#include "kernels/ops.h"

namespace hopscope::core {

/// The experts of a pool; a pool that is the whole layer costs no view.
kernels::ExpertBank bank_of(const LayerWeights& w, const MoeConfig& moe, Pool pool);

}  // namespace hopscope::core
