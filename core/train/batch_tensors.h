// Tokens of a batch as the tensors a forward pass and its loss take. Pure functions, any thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <vector>

#include "core/text/batches.h"

namespace hopscope::core {

struct BatchTensors {
    at::Tensor ids;      ///< [B, T] int64
    at::Tensor targets;  ///< [B·T] int64, the token after each
};

/// @param tokens [B, T + 1] of `source`, row-major
BatchTensors batch_tensors(const std::vector<int32_t>& tokens, const BatchSource& source,
                           const at::Device& device);

/// Evaluation batch `index` of `source`.
BatchTensors eval_tensors(const BatchSource& source, int64_t index, const at::Device& device);

}  // namespace hopscope::core
