// Attention of bf16 numbers on a CPU that multiplies pairs of them: products of bf16 factors, all
// else in fp32. Work is spread as that of attention.h is.
#pragma once

#include <ATen/core/Tensor.h>
#include <array>

#include "kernels/cpu/attention.h"

namespace hopscope::kernels::cpu {

/// Can bf16 be worked on? The processor has to have pair products (kernels/cpu/packed.h), and a
/// head pairs of numbers.
bool takes_attention_bf16(const at::Tensor& q);
/// What attention.h says of the two.
void attention_bf16(const AttentionInput& in, const AttentionOut& out);
void attention_gradient_bf16(const AttentionInput& in, const at::Tensor& lse,
                             const at::Tensor& dout, const std::array<at::Tensor, 3>& into);

}  // namespace hopscope::kernels::cpu
