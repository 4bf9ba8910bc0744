// CUDA form of the experts operator, without autograd, of any kind of expert: the passes of
// kernels/cpu/experts.h on contiguous CUDA tensors of one type out of fp32, fp64 and bf16, on the
// thread and stream of the caller; nothing waits. Sums and pre-activations of bf16 are fp32. No
// float atomics: the same inputs give the same bits.
#pragma once

#include "kernels/cpu/experts.h"

namespace hopscope::kernels::cuda {

using cpu::ExpertGrads;
using cpu::ExpertInput;
using cpu::Slots;

/// Adds the updates of the slots to out [groups, T, d]. Without `have_pre` the pre-activations of
/// the slots are computed and stored first.
void experts_forward(const ExpertInput& in, const Slots& slots, bool have_pre, at::Tensor& pre,
                     at::Tensor& out);
/// @param grad [groups, T, d], contiguous
void experts_backward(const ExpertInput& in, const Slots& slots, const at::Tensor& pre,
                      const at::Tensor& grad, ExpertGrads& into);

/// out = Σ_i u_i ⊙ σ(total − u_i) and total = Σ_j u_j [T, d] are written, and pre, all slots at
/// once.
void cross_gated(const ExpertInput& in, at::Tensor& pre, at::Tensor& total, at::Tensor& out);
/// @param grad [T, d], contiguous
void cross_gated_backward(const ExpertInput& in, const at::Tensor& pre, const at::Tensor& total,
                          const at::Tensor& grad, ExpertGrads& into);

}  // namespace hopscope::kernels::cuda
