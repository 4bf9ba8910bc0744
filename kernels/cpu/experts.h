// CPU form of the experts operator, without autograd: forward and backward of any kind of expert,
// over all slots of a token or some of them, on contiguous fp32 or fp64 tensors. The calling
// thread's OpenMP team does the work; the results are the same for any number of threads.
#pragma once

#include <ATen/core/Tensor.h>
#include <vector>

#include "kernels/ops.h"

namespace hopscope::kernels::cpu {

/// What every pass reads.
struct ExpertInput {
    at::Tensor h;       ///< [T, d]; undefined for fixed experts, which do not read it
    at::Tensor idx;     ///< [T, k] int64
    at::Tensor weight;  ///< [T, k]
    ExpertBank bank;
};

/// The slots [first, first + count) of each token, cut into `groups` equal runs with one output
/// each.
struct Slots {
    int64_t first = 0, count = 0, groups = 1;
};

/// Gradients; a backward pass adds to them (`weight`: writes its slots).
struct ExpertGrads {
    at::Tensor h;       ///< [T, d]; undefined for fixed experts
    at::Tensor weight;  ///< [T, k]
    ExpertBank bank;
};

/// The tensors of a bank that read the token, in the order of the pre-activations.
std::vector<at::Tensor> readers(const ExpertBank& bank);
/// Room for the pre-activations of every slot, [T, k, r, number of tensors that read].
at::Tensor experts_pre(const ExpertInput& in);
ExpertGrads zero_grads(const ExpertInput& in);

/// Adds the updates of the slots to out [groups, T, d]. Without `have_pre` the pre-activations of
/// the slots are computed and stored first.
void experts_forward(const ExpertInput& in, const Slots& slots, bool have_pre, at::Tensor& pre,
                     at::Tensor& out);
/// @param grad [groups, T, d], contiguous
void experts_backward(const ExpertInput& in, const Slots& slots, const at::Tensor& pre,
                      const at::Tensor& grad, ExpertGrads& into);

}  // namespace hopscope::kernels::cpu
