// The compositions [def:composition] on the CPU, without autograd: how group sums or single slot
// updates become the update of a hop, and the gradients. Any thread; fp32 or fp64.
#pragma once

#include "kernels/cpu/experts.h"

namespace hopscope::kernels::cpu {

/// Group sums [4, T, d] → [T, d] (grouped_silu, grouped_gated).
at::Tensor combine(Composition composition, const at::Tensor& groups);
/// Gradient of the group sums, [4, T, d], from that of the result.
at::Tensor combine_backward(Composition composition, const at::Tensor& groups,
                            const at::Tensor& grad);

/// Σ_i u_i ⊙ σ(total − u_i), one slot at a time, so that a few tensors of [T, d] are all there is.
/// @param pre   pre-activations of all slots
/// @param total Σ_j u_j [T, d]
at::Tensor cross_gated(const ExpertInput& in, at::Tensor& pre, const at::Tensor& total);
/// Computes the u_i again, twice: the sum that all gates share must be known before the first slot.
void cross_gated_backward(const ExpertInput& in, at::Tensor& pre, const at::Tensor& total,
                          const at::Tensor& grad, ExpertGrads& into);

}  // namespace hopscope::kernels::cpu
