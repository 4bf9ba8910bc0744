// What a user would otherwise run for the experts of a layer, in LibTorch's own operators, and
// dense layers of equal size. Each computes the same function as kernels::experts for experts of
// rank 1 (the dense ones: what their name says), differentiated by autograd itself. Pure functions,
// any thread.
#pragma once

#include <ATen/core/Tensor.h>

namespace hopscope::core::baselines {

/// Rows gathered by embedding look-ups, [T, k, d] made twice.
/// @param h [T, d], idx [T, k], weight [T, k], down and up [M, 1, d]; returns [T, d]
at::Tensor gather(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                  const at::Tensor& down, const at::Tensor& up);
/// The same with the written half as LibTorch's fused embedding bag.
at::Tensor embedding_bag(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                         const at::Tensor& down, const at::Tensor& up);
/// All experts for all tokens, [T, M], then the weights of those that were not chosen are 0.
at::Tensor dense_mask(const at::Tensor& h, const at::Tensor& idx, const at::Tensor& weight,
                      const at::Tensor& down, const at::Tensor& up);

/// A dense layer SiLU(h downᵀ) up, down and up [d_ff, d].
at::Tensor dense(const at::Tensor& h, const at::Tensor& down, const at::Tensor& up);

}  // namespace hopscope::core::baselines
