// The types that the operators compute in. Pure functions, any thread.
#pragma once

#include <ATen/core/Tensor.h>

namespace hopscope::kernels {

/// What sums, scores and losses are made in: fp64 of fp64 tensors, fp32 of all others.
inline at::ScalarType wide_of(const at::Tensor& x) {
    return x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

}  // namespace hopscope::kernels
