// Statistics of an update as the scalars that are recorded (docs/formats.md#scalars-of-an-update).
// Pure functions, any thread.
#pragma once

#include <vector>

#include "core/api/snapshot.h"
#include "core/model/forward.h"

namespace hopscope::core {

/// Adds the statistics of one micro-batch; means are taken by layer_scalars.
void accumulate(std::vector<LayerStats>& sum, const std::vector<LayerStats>& part);

/// One layer's record from the sums over `micro_batches`.
LayerScalars layer_scalars(const LayerStats& sum, double micro_batches, double tau,
                           double moe_scale);

}  // namespace hopscope::core
