// If these fail, dense layers that read the same rows are not x Wᵀ + b each, or forget the type
// that they were asked for. Values and gradients of all types are held against the reference in
// cases_test.cpp.
#include <ATen/ops/matmul.h>
#include <torch/csrc/autograd/function.h>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

TEST(Linear, IsTheFormula) {
    const auto x = randn({5, 3}, 1), w = randn({2, 3}, 2), b = randn({2}, 3), u = randn({4, 3}, 4);
    const auto y = kernels::linear(x, {{w, b}, {u, {}}});
    EXPECT_LT(max_abs(y[0], at::matmul(x, w.t()) + b), 1e-14);
    EXPECT_LT(max_abs(y[1], at::matmul(x, u.t())), 1e-14);
    for (const auto rows : {at::kFloat, at::kBFloat16})
        for (const bool wide : {false, true})
            EXPECT_EQ(
                kernels::linear(x.to(rows), {{w.to(at::kBFloat16), {}}}, wide)[0].scalar_type(),
                wide ? at::kFloat : at::kBFloat16);
}

TEST(Linear, PairsOfNarrowNumbersAreWorkedOutByTheOwnForm) {
    if (!kernels::multiplies_bf16_in_pairs()) return;
    const auto node = [](kernels::Form form) {
        const auto x = randn({5, 4}, 1, at::kBFloat16),
                   w = randn({2, 4}, 2, at::kBFloat16).set_requires_grad(true);
        return kernels::linear(x, {{w, {}}}, false, form)[0].grad_fn()->name();
    };
    EXPECT_NE(node(kernels::Form::fused), node(kernels::Form::reference));
}

}  // namespace
