// How the operators of the library take part in autograd, whatever their arguments: kernels that
// read schema and stack. Ordinary tensors get the operators' own nodes, which keep what they need.
// Where only shapes flow (torch.compile, torch.export) or somebody listens to every operator, a
// node of one forward and one backward operator stands in, NAME and NAME_backward, which the tracer
// can write down; the backward one computes the forward pass again. Any thread.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <cstdint>

namespace hopscope::library {

/// Bit i: output i carries a gradient.
using Outputs = uint32_t;

/// Autograd of an operator NAME that has a NAME_backward. There is no second derivative: using one
/// is an error.
void differentiate(const c10::OperatorHandle& op, c10::DispatchKeySet keys,
                   torch::jit::Stack* stack, Outputs differentiable);
template <Outputs kDifferentiable>
void differentiable(const c10::OperatorHandle& op, c10::DispatchKeySet keys,
                    torch::jit::Stack* stack) {
    differentiate(op, keys, stack, kDifferentiable);
}

/// NAME_backward(Tensor?[] grad, bool[] needs, arguments of NAME) -> Tensor[]: gradients of those
/// tensors among the arguments that `needs` names, in their order; 0 where nothing flows.
void backward(const c10::OperatorHandle& op, torch::jit::Stack* stack);
/// The same, shapes only.
void backward_shapes(const c10::OperatorHandle& op, torch::jit::Stack* stack);
/// Autograd of NAME_backward: the error of a second derivative.
void differentiable_once(const c10::OperatorHandle& op, c10::DispatchKeySet keys,
                         torch::jit::Stack* stack);

/// Autograd of an operator that writes into its arguments: refuses where gradients are recorded.
void in_place(const c10::OperatorHandle& op, c10::DispatchKeySet keys, torch::jit::Stack* stack);

}  // namespace hopscope::library
