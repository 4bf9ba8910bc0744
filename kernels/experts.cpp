#include "kernels/cpu/experts.h"

#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/ops.h"
#include "kernels/reference/reference.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class ExpertsNode : public torch::autograd::Function<ExpertsNode> {
  public:
    static Tensor forward(AutogradContext* ctx, const Tensor& h, const Tensor& idx,
                          const Tensor& weight, const Tensor& down, const Tensor& up) {
        auto f = cpu::experts_forward(h, idx, weight, down, up);
        ctx->save_for_backward({h, idx, weight, down, up, f.pre});
        return f.dh;
    }
    static variable_list backward(AutogradContext* ctx, variable_list grads) {
        const auto s = ctx->get_saved_variables();
        auto b = cpu::experts_backward(grads[0].contiguous(), s[0], s[1], s[2], s[3], s[4], s[5]);
        return {b.dh, Tensor(), b.dweight, b.ddown, b.dup};
    }
};

}  // namespace

Tensor experts(const Tensor& h, const Tensor& idx, const Tensor& weight, const Tensor& down,
               const Tensor& up, Form form) {
    TORCH_INTERNAL_ASSERT(h.size(0) == idx.size(0) && h.size(1) == down.size(2),
                          "experts: shapes do not match");
    const bool narrow = h.scalar_type() != at::kFloat && h.scalar_type() != at::kDouble;
    if (form == Form::reference || !h.is_cpu() || narrow)
        return reference::experts(h, idx, weight, down, up);
    const auto hc = h.contiguous(), wc = weight.contiguous();
    if (!c10::GradMode::is_enabled()) return cpu::experts_forward(hc, idx, wc, down, up).dh;
    return ExpertsNode::apply(hc, idx, wc, down, up);
}

}  // namespace hopscope::kernels
