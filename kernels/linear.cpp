// Dense layers that read the same rows. LibTorch's own where it does well; under bf16 on the CPU an
// own node, whose sums are rounded once and whose weight gradients are not rounded at all.
#include "kernels/cpu/linear.h"

#include <ATen/ops/linear.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cpu/packed.h"
#include "kernels/ops.h"
#include "kernels/reference/reference.h"

namespace hopscope::kernels {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What autograd sees of layers: weights, then the biases that there are.
variable_list as_list(const std::vector<LinearLayer>& layers) {
    variable_list out;
    for (const auto& layer : layers) out.push_back(layer.weight);
    for (const auto& layer : layers)
        if (layer.bias.defined()) out.push_back(layer.bias);
    return out;
}

/// Which layers have a bias, as a number that is kept with a node.
int64_t biased(const std::vector<LinearLayer>& layers) {
    int64_t out = 0;
    for (size_t i = 0; i < layers.size(); ++i) out |= int64_t{layers[i].bias.defined()} << i;
    return out;
}

/// `count` layers of such a list.
std::vector<LinearLayer> as_layers(at::ArrayRef<Tensor> list, size_t count, int64_t biased) {
    std::vector<LinearLayer> out;
    size_t next = count;
    for (size_t i = 0; i < count; ++i)
        out.push_back({list[i], (biased >> i) & 1 ? list[next++] : Tensor()});
    return out;
}

class LinearNode : public torch::autograd::Function<LinearNode> {
  public:
    static variable_list forward(AutogradContext* ctx, const Tensor& x, at::TensorList list,
                                 int64_t count, int64_t biased, at::ScalarType out) {
        auto made = cpu::linear_bf16(x, as_layers(list, static_cast<size_t>(count), biased), out);
        variable_list saved(list.begin(), list.end());
        saved.push_back(made.read);
        ctx->save_for_backward(std::move(saved));
        ctx->saved_data["count"] = count;
        ctx->saved_data["biased"] = biased;
        ctx->saved_data["of_x"] = x.scalar_type();
        return made.y;
    }

    static variable_list backward(AutogradContext* ctx, variable_list grads) {
        const auto saved = ctx->get_saved_variables();
        const auto layers = as_layers(saved, static_cast<size_t>(ctx->saved_data["count"].toInt()),
                                      ctx->saved_data["biased"].toInt());
        for (auto& g : grads) g = g.contiguous();
        const auto made = cpu::linear_bf16_gradient(saved.back(), layers, grads,
                                                    ctx->saved_data["of_x"].toScalarType());
        variable_list out = {made.x};
        out.insert(out.end(), made.weight.begin(), made.weight.end());
        for (const auto& bias : made.bias)
            if (bias.defined()) out.push_back(bias);
        out.resize(out.size() + 3);  // of count, biased and out
        return out;
    }
};

}  // namespace

bool multiplies_bf16_in_pairs() {
    return cpu::has_pair_products();
}

std::vector<Tensor> linear(const Tensor& x, const std::vector<LinearLayer>& layers, bool wide,
                           Form form) {
    if (form == Form::reference || !cpu::takes_linear_bf16(x, layers))
        return reference::linear(x, layers, wide);
    const auto out = wide ? at::kFloat : at::kBFloat16;
    if (!c10::GradMode::is_enabled()) return cpu::linear_bf16(x.contiguous(), layers, out).y;
    const auto list = as_list(layers);
    return LinearNode::apply(x.contiguous(), at::TensorList(list),
                             static_cast<int64_t>(layers.size()), biased(layers), out);
}

}  // namespace hopscope::kernels
