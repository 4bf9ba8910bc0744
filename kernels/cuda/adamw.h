// CUDA form of AdamW: one pass over a tensor that clips, updates the fp32 master and writes its
// bf16 shadow. On the thread and stream of the caller, who owns the tensors.
#pragma once

#include <ATen/core/Tensor.h>

namespace hopscope::kernels::cuda {

/// Factors prepared on the host: keep = 1 − lr·wd, root = 1/sqrt(1 − beta2^t), rate = lr/(1 −
/// beta1^t).
struct AdamWFactors {
    float keep, beta1, beta2, root, eps, rate, scale;
};

/// All tensors contiguous on one device, `shadow` bf16 or undefined. Runs on the current stream,
/// does not wait.
void adamw(at::Tensor& param, const at::Tensor& grad, at::Tensor& m, at::Tensor& v,
           at::Tensor& shadow, const AdamWFactors& factors);

}  // namespace hopscope::kernels::cuda
