#include "kernels/library/differentiate.h"

#include <ATen/TensorSubclassLikeUtils.h>
#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <memory>
#include <string>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/functions/basic_ops.h>
#include <torch/csrc/autograd/variable.h>
#include <unordered_set>
#include <utility>
#include <vector>

namespace hopscope::library {
namespace {

using at::Tensor;
using c10::IValue;
using c10::OperatorHandle;
using torch::autograd::variable_list;
using torch::jit::Stack;

constexpr std::string_view kSuffix = "_backward";

OperatorHandle find(const std::string& name) {
    return c10::Dispatcher::singleton().findSchemaOrThrow(name.c_str(), "");
}

/// What `op` was called with, or has returned, off the stack.
Stack taken(Stack* stack, size_t count) {
    const auto from = stack->end() - static_cast<std::ptrdiff_t>(count);
    Stack top(std::make_move_iterator(from), std::make_move_iterator(stack->end()));
    stack->erase(from, stack->end());
    return top;
}

/// The tensors among values, in their order; what is None or a number is none.
variable_list tensors_of(const Stack& values) {
    variable_list tensors;
    for (const auto& value : values)
        if (value.isTensor()) tensors.push_back(value.toTensor());
    return tensors;
}

bool requires_grad(const Tensor& x) {
    return x.defined() && x.requires_grad();
}

bool any_requires_grad(const variable_list& tensors) {
    return std::any_of(tensors.begin(), tensors.end(), requires_grad);
}

/// The keys of an operator's implementation below autograd.
c10::DispatchKeySet below(c10::DispatchKeySet keys) {
    return keys & c10::after_ADInplaceOrView_keyset;
}

/// Gradients that are an error to go through once more, in the manner of PyTorch's own
/// once_differentiable.
variable_list once(const std::string& op, const variable_list& gradients) {
    variable_list inputs;
    for (const auto& x : gradients)
        inputs.push_back(x.defined() ? x.detach().set_requires_grad(true) : Tensor());
    const auto node = std::make_shared<torch::autograd::DelayedError>(
        op + " has no second derivative (its gradient was made with create_graph=True and then "
             "differentiated)",
        static_cast<int64_t>(inputs.size()));
    return (*node)(std::move(inputs));
}

/// Behind an operator's own node: without it a second derivative would be wrong and nobody told,
/// since what the kernels compute is not recorded.
class OnceHook : public torch::autograd::FunctionPostHook {
  public:
    explicit OnceHook(std::string op) : op_(std::move(op)) {}
    variable_list operator()(const variable_list& gradients, const variable_list&) override {
        return c10::GradMode::is_enabled() ? once(op_, gradients) : gradients;
    }

  private:
    std::string op_;
};

/// Puts a hook behind every node between inputs and outputs, since any of them may be one of ours.
void only_once(const std::string& op, const variable_list& outputs, const variable_list& inputs) {
    std::unordered_set<torch::autograd::Node*> seen{nullptr};
    for (const auto& x : inputs)
        if (x.requires_grad()) seen.insert(torch::autograd::impl::gradient_edge(x).function.get());
    std::vector<torch::autograd::Node*> next;
    for (const auto& x : outputs) next.push_back(x.grad_fn().get());
    while (!next.empty()) {
        auto* node = next.back();
        next.pop_back();
        if (!seen.insert(node).second) continue;
        node->add_post_hook(std::make_unique<OnceHook>(op));
        for (const auto& edge : node->next_edges()) next.push_back(edge.function.get());
    }
}

/// Autograd as in ordinary code, inside a kernel that is called below it.
class AutogradOn {
  public:
    AutogradOn()
        : keys_(c10::impl::tls_local_dispatch_key_set().included_,
                c10::impl::tls_local_dispatch_key_set().excluded_ -
                    c10::autograd_dispatch_keyset_with_ADInplaceOrView) {}

  private:
    c10::impl::ForceDispatchKeyGuard keys_;
    c10::AutoGradMode mode_{true};
};

/// One call of an operator.
struct Call {
    const OperatorHandle& op;
    Stack arguments;
    uint32_t differentiable;
};

/// The node that stands for an operator where its own is of no use.
class Pair : public torch::autograd::Function<Pair> {
  public:
    /// @param tensors those of call.arguments; autograd sees only what is an argument itself
    static variable_list forward(torch::autograd::AutogradContext* ctx, const Call& call,
                                 const at::TensorList& tensors) {
        std::vector<IValue> rest = call.arguments;
        c10::List<bool> needs;
        for (auto& value : rest)
            if (value.isTensor()) {
                needs.push_back(value.toTensor().requires_grad());
                value = IValue();
            }
        ctx->saved_data["op"] = call.op.schema().name() + std::string(kSuffix);
        ctx->saved_data["needs"] = needs;
        ctx->saved_data["rest"] = c10::ivalue::Tuple::create(std::move(rest));
        // Where tensors stand among the arguments; an optional one may lack.
        c10::List<bool> is_tensor;
        for (const auto& value : call.arguments) is_tensor.push_back(value.isTensor());
        ctx->saved_data["is_tensor"] = is_tensor;
        ctx->set_materialize_grads(false);
        ctx->save_for_backward(tensors.vec());

        Stack stack = call.arguments;
        {
            const at::AutoDispatchBelowADInplaceOrView guard;
            call.op.callBoxed(&stack);
        }
        auto outputs = tensors_of(stack);
        variable_list constant;
        for (size_t i = 0; i < outputs.size(); ++i)
            if (!(call.differentiable >> i & 1)) constant.push_back(outputs[i]);
        ctx->mark_non_differentiable(constant);
        return outputs;
    }

    static variable_list backward(torch::autograd::AutogradContext* ctx, variable_list grads) {
        c10::List<std::optional<Tensor>> given;
        for (const auto& grad : grads)
            given.push_back(grad.defined() ? std::optional<Tensor>(grad) : std::nullopt);
        const auto saved = ctx->get_saved_variables();
        const auto needs = ctx->saved_data["needs"].toBoolList();
        const auto is_tensor = ctx->saved_data["is_tensor"].toBoolList();
        Stack stack{given, needs};
        size_t next = 0;
        const auto rest = ctx->saved_data["rest"].toTuple();
        for (size_t i = 0; i < is_tensor.size(); ++i)
            stack.push_back(is_tensor[i] ? IValue(saved[next++]) : rest->elements()[i]);
        find(ctx->saved_data["op"].toStringRef()).callBoxed(&stack);

        const auto made = stack.back().toTensorVector();
        variable_list out{Tensor()};  // of `call`
        next = 0;
        for (size_t i = 0; i < needs.size(); ++i) out.push_back(needs[i] ? made[next++] : Tensor());
        return out;
    }
};

/// The parts of the arguments of a NAME_backward.
struct Backward {
    std::string name;  ///< of NAME
    variable_list grads;
    std::vector<bool> needs;
    Stack arguments;  ///< of NAME

    Backward(const OperatorHandle& op, Stack* stack) : name(op.schema().name()) {
        name.resize(name.size() - kSuffix.size());
        arguments = taken(stack, op.schema().arguments().size());
        for (const std::optional<Tensor>& grad : arguments[0].toOptionalTensorVector())
            grads.push_back(grad.value_or(Tensor()));
        for (const bool need : arguments[1].toBoolList()) needs.push_back(need);
        arguments.erase(arguments.begin(), arguments.begin() + 2);
    }
};

}  // namespace

void differentiate(const OperatorHandle& op, c10::DispatchKeySet keys, Stack* stack,
                   Outputs differentiable) {
    const auto& schema = op.schema();
    const Stack arguments(stack->end() - static_cast<std::ptrdiff_t>(schema.arguments().size()),
                          stack->end());
    const auto tensors = tensors_of(arguments);
    for (const auto& x : tensors)
        TORCH_CHECK_NOT_IMPLEMENTED(!x._fw_grad(0).defined(), schema.name(),
                                    " has no forward-mode derivative");
    if (at::areAnyTensorSubclassLike(tensors)) {
        const Call call{op, taken(stack, arguments.size()), differentiable};
        for (auto& x : Pair::apply(call, at::TensorList(tensors))) stack->emplace_back(x);
        return;
    }
    op.redispatchBoxed(below(keys), stack);
    if (!c10::GradMode::is_enabled() || !any_requires_grad(tensors)) return;
    variable_list outputs;
    for (size_t i = stack->size() - schema.returns().size(); i < stack->size(); ++i)
        outputs.push_back((*stack)[i].toTensor());
    only_once(schema.name(), outputs, tensors);
}

void backward(const OperatorHandle& op, Stack* stack) {
    Backward b(op, stack);
    const AutogradOn guard;
    variable_list inputs;
    size_t at = 0;
    c10::DispatchKeySet keys;
    for (auto& value : b.arguments) {
        if (!value.isTensor()) continue;
        auto x = value.toTensor().detach();
        keys = keys | x.key_set();
        if (b.needs.at(at++)) inputs.push_back(x.set_requires_grad(true));
        value = x;
    }
    Stack outputs = b.arguments;
    find(b.name).redispatchBoxed(below(keys), &outputs);
    const auto made = tensors_of(outputs);
    variable_list from, grads;
    for (size_t i = 0; i < made.size(); ++i) {
        if (!b.grads[i].defined() || !made[i].requires_grad()) continue;
        from.push_back(made[i]);
        grads.push_back(b.grads[i].detach());
    }
    variable_list gradients(inputs.size());
    if (!from.empty())
        gradients = torch::autograd::grad(from, inputs, grads, /*retain_graph=*/false,
                                          /*create_graph=*/false, /*allow_unused=*/true);
    for (size_t i = 0; i < inputs.size(); ++i)
        gradients[i] = gradients[i].defined()
                           ? gradients[i].detach().contiguous()
                           : at::zeros_like(inputs[i].detach(), at::MemoryFormat::Contiguous);
    stack->emplace_back(std::move(gradients));
}

void backward_shapes(const OperatorHandle& op, Stack* stack) {
    const Backward b(op, stack);
    variable_list gradients;
    const auto tensors = tensors_of(b.arguments);
    for (size_t i = 0; i < tensors.size(); ++i)
        if (b.needs.at(i))
            gradients.push_back(at::empty_symint(tensors[i].sym_sizes(), tensors[i].options()));
    stack->emplace_back(std::move(gradients));
}

void differentiable_once(const OperatorHandle& op, c10::DispatchKeySet keys, Stack* stack) {
    const auto count = op.schema().arguments().size();
    bool recorded = false;
    if (c10::GradMode::is_enabled())
        for (auto value = stack->end() - static_cast<std::ptrdiff_t>(count); value != stack->end();
             ++value) {
            if (value->isTensor()) recorded = recorded || requires_grad(value->toTensor());
            if (!value->isList()) continue;
            for (const IValue& part : value->toListRef())
                if (part.isTensor()) recorded = recorded || requires_grad(part.toTensor());
        }
    {
        const at::AutoDispatchBelowADInplaceOrView guard;
        op.redispatchBoxed(below(keys), stack);
    }
    if (!recorded) return;
    auto gradients = stack->back().toTensorVector();
    stack->pop_back();
    stack->emplace_back(once(op.schema().name(), gradients));
}

void in_place(const OperatorHandle& op, c10::DispatchKeySet keys, Stack* stack) {
    const auto count = static_cast<std::ptrdiff_t>(op.schema().arguments().size());
    const auto tensors = tensors_of(Stack(stack->end() - count, stack->end()));
    TORCH_CHECK(!c10::GradMode::is_enabled() || !any_requires_grad(tensors), op.schema().name(),
                ": changes its arguments in place and has no gradient; call it under "
                "torch.no_grad()");
    const at::AutoDispatchBelowADInplaceOrView guard;
    op.redispatchBoxed(below(keys), stack);
}

}  // namespace hopscope::library
