// Tied head and cross-entropy in chunks of rows. The gradient is taken in the same pass as the
// loss, while a chunk of logits is at hand, and only scaled in the backward pass: the loss is a
// sum, so its gradient is linear in one number.
#include <ATen/TensorOperators.h>
#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/ops.h"
#include "kernels/reference/reference.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Rows a chunk: 1,024 × 32,000 fp32 logits are 131 MB.
constexpr int64_t kChunkRows = 1024;

/// nll [T]; with `dx`, `dembed` given (zeroed, same types as x and embed) also the gradient of Σ
/// nll.
Tensor run(const Tensor& x, const Tensor& embed, const Tensor& targets, Tensor* dx,
           Tensor* dembed) {
    const int64_t tokens = x.size(0);
    const auto wide = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    auto nll = at::empty({tokens}, x.options().dtype(wide));
    for (int64_t lo = 0; lo < tokens; lo += kChunkRows) {
        const int64_t n = std::min(kChunkRows, tokens - lo);
        const auto rows = x.narrow(0, lo, n);
        const auto target = targets.narrow(0, lo, n).unsqueeze(-1);
        auto logp = at::_log_softmax(at::mm(rows, embed.t()).to(wide), -1, false);
        nll.narrow(0, lo, n).copy_(-logp.gather(-1, target).squeeze(-1));
        if (!dx) continue;
        auto dlogits = logp.exp_();
        dlogits.scatter_add_(-1, target, -at::ones({n, 1}, dlogits.options()));
        dlogits = dlogits.to(x.scalar_type());
        dx->narrow(0, lo, n).copy_(at::mm(dlogits, embed));
        dembed->addmm_(dlogits.t(), rows);
    }
    return nll;
}

class ClassifierNode : public torch::autograd::Function<ClassifierNode> {
  public:
    static variable_list forward(AutogradContext* ctx, const Tensor& x, const Tensor& embed,
                                 const Tensor& targets) {
        auto dx = at::zeros_like(x), dembed = at::zeros_like(embed);
        auto nll = run(x, embed, targets, &dx, &dembed);
        ctx->save_for_backward({dx, dembed});
        ctx->mark_non_differentiable({nll});
        return {nll.sum(), nll};
    }
    static variable_list backward(AutogradContext* ctx, variable_list grads) {
        const auto s = ctx->get_saved_variables();
        return {s[0] * grads[0].to(s[0].scalar_type()), s[1] * grads[0].to(s[1].scalar_type()),
                Tensor()};
    }
};

}  // namespace

ClassifierOut classifier(const Tensor& x, const Tensor& embed, const Tensor& targets, Form form) {
    if (form == Form::reference) return reference::classifier(x, embed, targets);
    if (!c10::GradMode::is_enabled()) {
        auto nll = run(x, embed, targets, nullptr, nullptr);
        return {nll.sum(), nll};
    }
    auto o = ClassifierNode::apply(x, embed, targets);
    return {o[0], o[1]};
}

}  // namespace hopscope::kernels
