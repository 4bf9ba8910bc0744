// Whether a model computes numbers at all: what a run that diverged left behind is said, rather
// than printed as null. Pure functions. Thread: whoever owns the model.
#pragma once

#include <ATen/core/Tensor.h>
#include <string>

#include "core/base/result.h"
#include "core/model/model.h"

namespace hopscope::core {

/// Errors (failed): a tensor holds NaN or an infinite number, or the weights are so large that a
/// pass over a few tokens does.
Status check_sound(const Model& model);

/// Of fp32 or fp64 on any device.
bool is_finite(const at::Tensor& t);

/// "WHAT is not a finite number: the run diverged; …"
Error diverged(const std::string& what);

}  // namespace hopscope::core
