// Learning rate, curriculum and weight decay as pure functions of the configuration. Any thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>

#include "core/api/config.h"
#include "core/api/groups.h"

namespace hopscope::core {

/// Learning rate of update t (from 0): linear warm-up to lr, then a cosine to lr · lr_min_ratio
/// [def:learning_rate].
double learning_rate(const TrainConfig& train, int64_t t);

/// Highest hop count of update t: one draw a step, uniform in 1 … the curriculum's limit
/// [def:curriculum]; 0 = no limit.
int64_t curriculum_hops(const TrainConfig& train, int64_t t);

/// Whether weight decay acts on a tensor: two or more dimensions unless decay = "all"
/// [def:weight_decay]; never on output scales [def:output_scale].
bool decays(const TrainConfig& train, Group group, const at::Tensor& tensor);

}  // namespace hopscope::core
