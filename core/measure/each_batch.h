// The loop over validation batches that measurements of a model share. Caller's thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <functional>
#include <string>

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/train/batch_tensors.h"

namespace hopscope::core {

/// Calls `measure` with batches 0 … n − 1 of the validation data on `device`. Before each of them
/// it reports "`what` 3 of 20" with the share that is done.
/// Errors (interrupted): cancelled between two batches.
Status each_batch(const BatchSource& source, int64_t n, const at::Device& device,
                  const std::string& what, const Progress& progress,
                  const std::function<void(int64_t index, const BatchTensors&)>& measure);

}  // namespace hopscope::core
