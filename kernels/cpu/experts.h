// CPU form of the experts operator, without autograd: forward and backward on contiguous fp32 or
// fp64 tensors.
#pragma once

#include <ATen/core/Tensor.h>

namespace hopscope::kernels::cpu {

struct ExpertsForward {
    at::Tensor dh;   ///< [T, d]
    at::Tensor pre;  ///< [T, k, r] pre-activations, kept for the backward pass
};
struct ExpertsBackward {
    at::Tensor dh;          ///< [T, d]
    at::Tensor dweight;     ///< [T, k]
    at::Tensor ddown, dup;  ///< [M, r, d]
};

ExpertsForward experts_forward(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                               const at::Tensor& down, const at::Tensor& up);
ExpertsBackward experts_backward(const at::Tensor& grad, const at::Tensor& h, const at::Tensor& idx,
                                 const at::Tensor& weight, const at::Tensor& down,
                                 const at::Tensor& up, const at::Tensor& pre);

}  // namespace hopscope::kernels::cpu
