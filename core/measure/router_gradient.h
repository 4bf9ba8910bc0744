// What trains a router: the gradient of each part of the loss by itself [def:router_gradient].
// Reads the weights and leaves them, and whatever trains them, as they are. Thread: whoever owns
// the weights; results are plain values.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/model/model.h"
#include "core/text/batches.h"

namespace hopscope::core {

/// Of what one layer's router learns (projection, rows, tau), one number a batch: length of the
/// gradient of the token NLL, of the weighted balance term, of the weighted z term, and of their
/// sum; cosine of the first two, NaN where one of them is zero. 0 where a part is not in the loss.
struct RouterGradient {
    std::vector<double> task, balance, z, all, cosine;
};

/// @return [layers + 1]: each layer, then all of them together
/// Dropout off; each of the first `batches` evaluation batches is a micro-batch of its own.
/// Errors: usage for routers without anything that learns; interrupted.
Result<std::vector<RouterGradient>> router_gradient(const Model& model, const BatchSource& source,
                                                    int64_t batches, const Progress& progress);

}  // namespace hopscope::core
