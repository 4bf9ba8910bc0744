// A model of a few hundred elements for the tests of forward pass and routers, in fp64 where
// gradients are compared.
#pragma once

#include <ATen/ops/randint.h>

#include "core/model/forward.h"
#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace hopscope::test {

using namespace hopscope::core;

inline Config tiny() {
    Config c;
    c.model = {.d_model = 8,
               .n_layers = 2,
               .n_heads = 2,
               .vocab_size = 11,
               .max_seq_len = 16,
               .dropout = 0.0};
    c.moe.experts = 6;
    c.moe.top_k = 2;
    c.moe.hops = {3};
    c.moe.d_space = 4;
    c.moe.tau = 4.0;
    return c;
}

inline Weights in_fp64(const Config& c, uint64_t seed = 1) {
    // Larger than the initial values of training, so that no gradient hides behind rounding.
    return init_weights(c, seed).map([](Group group, const at::Tensor& t) {
        const auto wide = t.to(at::kDouble);
        return group == Group::norms || t.dim() == 0 ? wide : wide * 20.0;
    });
}

inline at::Tensor some_ids(const Config& c, int64_t batch, int64_t length) {
    auto gen = at::detail::createCPUGenerator(5);
    return at::randint(0, c.model.vocab_size, {batch, length}, gen,
                       at::TensorOptions().dtype(at::kLong));
}

inline at::Tensor loss_of(const Model& model, const at::Tensor& ids, kernels::Form form) {
    ForwardOptions options;
    options.form = form;
    const auto out = forward(model, ids, options);
    auto loss =
        kernels::classifier(out.hidden, model.weights.embed, ids.reshape({-1}), form).nll_sum;
    if (out.balance.defined()) loss = loss + out.balance * 3.0;
    return out.z.defined() ? loss + out.z * 2.0 : loss;
}

}  // namespace hopscope::test
