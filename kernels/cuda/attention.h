// CUDA form of what attention does to rows of scores between its products. fp32 or fp64, on the
// thread and stream of the caller, who owns the tensors; nothing waits. The same inputs give the
// same bits, and the same entries are dropped as on the CPU.
#pragma once

#include "kernels/attention_blocks.h"

namespace hopscope::kernels::cuda {

/// As ScoreKernels says.
void query_weights(const ScoreBlock& block, at::Tensor& scores, at::Tensor& lse);
void query_gradient(const ScoreBlock& block, at::Tensor& scores, at::Tensor& along,
                    const at::Tensor& lse);

}  // namespace hopscope::kernels::cuda
