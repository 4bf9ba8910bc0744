// If these fail, positions turn the queries and keys of attention by another angle. Values and
// gradients are held against the reference in cases_test.cpp.
#include <ATen/ops/cos.h>
#include <ATen/ops/sin.h>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::Form;

// Each number by itself; beside the largest of a tensor small ones could be rounded twice.
TEST(Rotate, NumbersAreRoundedOnce) {
    const auto angle = randn({31, 16}, 1);
    const auto cos = at::cos(angle), sin = at::sin(angle);
    const auto x = randn({2, 31, 3, 32}, 2).to(at::kBFloat16);
    const auto y = kernels::rotate(x, cos.to(at::kFloat), sin.to(at::kFloat));
    const auto wanted = kernels::rotate(x.to(at::kDouble), cos, sin, Form::reference);
    const auto share = (y.to(at::kDouble) - wanted).abs() / (wanted.abs() + 1e-4);
    EXPECT_LE(share.max().item().toDouble(), 0x1.01p-8);
}

TEST(Rotate, AQuarterTurnSwapsTheHalves) {
    const auto x = randn({1, 1, 1, 4}, 1);
    const auto zero = at::zeros({1, 2}, x.options()), one = zero + 1;
    const auto y = kernels::rotate(x, zero, one);
    EXPECT_EQ(max_abs(y.narrow(-1, 0, 2), -x.narrow(-1, 2, 2)), 0.0);
    EXPECT_EQ(max_abs(y.narrow(-1, 2, 2), x.narrow(-1, 0, 2)), 0.0);
}

// A view of which a row is not all; a gradient that comes back through the transpose of attention.
TEST(Rotate, TakesViews) {
    const auto angle = randn({5, 4}, 5);
    const auto cos = at::cos(angle), sin = at::sin(angle);
    const auto wide = randn({2, 5, 6, 8}, 1);
    const auto part = wide.narrow(2, 1, 3);
    EXPECT_LT(
        max_abs(kernels::rotate(part, cos, sin), kernels::rotate(wide, cos, sin).narrow(2, 1, 3)),
        1e-15);
    const auto g = randn({2, 3, 5, 8}, 7);
    at::Tensor grads[2];
    for (int i = 0; i < 2; ++i) {
        const auto x = part.contiguous().set_requires_grad(true);
        kernels::rotate(x, cos, sin, i ? Form::reference : Form::fused).transpose(1, 2).backward(g);
        grads[i] = x.grad();
    }
    EXPECT_LT(max_abs(grads[0], grads[1]), 1e-14);
}

}  // namespace
