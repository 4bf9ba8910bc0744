// The autograd node of attention whose backward pass makes the probabilities again: q, k, v, one
// number a query and the seed of dropout are kept. Any thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <array>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/dropout_mask.h"

namespace hopscope::kernels {

/// `How` has forward(q, k, v, dropout), which returns {out, lse}, and backward(q, k, v, dropout,
/// lse, gradient), which returns the gradients of q, k and v.
template <class How>
class AttentionNode : public torch::autograd::Function<AttentionNode<How>> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& q,
                              const at::Tensor& k, const at::Tensor& v, double p, int64_t seed) {
        const auto made = How::forward(q, k, v, Dropout{p, static_cast<uint64_t>(seed)});
        ctx->save_for_backward({q, k, v, made.lse});
        ctx->saved_data["p"] = p;
        ctx->saved_data["seed"] = seed;
        return made.out;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                   torch::autograd::variable_list grads) {
        const auto s = ctx->get_saved_variables();
        const Dropout dropout{ctx->saved_data["p"].toDouble(),
                              static_cast<uint64_t>(ctx->saved_data["seed"].toInt())};
        const auto [dq, dk, dv] = How::backward(s[0], s[1], s[2], dropout, s[3], grads[0]);
        return {dq, dk, dv, at::Tensor(), at::Tensor()};
    }
};

}  // namespace hopscope::kernels
