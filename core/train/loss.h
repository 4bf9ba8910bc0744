// The loss that is trained, from one forward pass. Pure function, any thread.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/model/forward.h"
#include "kernels/ops.h"

namespace hopscope::core {

struct TrainingLoss {
    at::Tensor nll;    ///< [] mean token NLL, nats
    at::Tensor total;  ///< [] with balance and z terms [def:training_loss]
};

/// @param out     of forward() on the batch, of this model
/// @param targets [B·T] int64
TrainingLoss training_loss(const Model& model, const ForwardOut& out, const at::Tensor& targets,
                           kernels::Form form = kernels::Form::fused);

}  // namespace hopscope::core
