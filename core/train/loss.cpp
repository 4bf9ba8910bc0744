#include "core/train/loss.h"

#include <ATen/TensorOperators.h>

namespace hopscope::core {

TrainingLoss training_loss(const Model& model, const ForwardOut& out, const at::Tensor& targets,
                           kernels::Form form) {
    const auto head = kernels::classifier(out.hidden.to(model.weights.embed.scalar_type()),
                                          model.weights.embed, targets, form);
    TrainingLoss loss;
    loss.nll = head.nll_sum / static_cast<double>(targets.numel());
    loss.total = loss.nll;
    if (out.balance.defined() && model.config.moe.balances_by_loss())
        loss.total = loss.total + out.balance * model.config.train.balance_alpha;
    if (out.z.defined()) loss.total = loss.total + out.z * model.config.moe.z_loss;
    return loss;
}

}  // namespace hopscope::core
