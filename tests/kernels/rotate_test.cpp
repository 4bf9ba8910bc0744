// If these fail, positions turn the queries and keys of attention by another angle, or their
// gradient by the same instead of back.
#include <ATen/ops/cos.h>
#include <ATen/ops/sin.h>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::Form;

TEST(Rotate, EqualsReferenceForEveryType) {
    for (const int64_t half : {1, 15, 16, 33})
        for (const int64_t length : {1, 31, 70}) {
            const auto angle = randn({length, half}, 1);
            const auto x = randn({2, length, 3, 2 * half}, 2);
            const auto cos = at::cos(angle), sin = at::sin(angle);
            const auto exact = kernels::rotate(x, cos, sin, Form::reference);
            EXPECT_LT(max_abs(kernels::rotate(x, cos, sin), exact), 1e-14);
            const auto c = cos.to(at::kFloat), s = sin.to(at::kFloat);
            EXPECT_LT(max_abs(kernels::rotate(x.to(at::kFloat), c, s), exact), 1e-6);
            const auto narrow = x.to(at::kBFloat16);
            const auto y = kernels::rotate(narrow, c, s);
            EXPECT_EQ(y.scalar_type(), at::kBFloat16);
            const auto wanted = kernels::rotate(narrow.to(at::kDouble), cos, sin, Form::reference);
            const auto share = (y.to(at::kDouble) - wanted).abs() / (wanted.abs() + 1e-4);
            EXPECT_LE(share.max().item().toDouble(), 0x1.01p-8) << "rounded more than once";
        }
}

TEST(Rotate, AQuarterTurnSwapsTheHalves) {
    const auto x = randn({1, 1, 1, 4}, 1);
    const auto zero = at::zeros({1, 2}, x.options()), one = zero + 1;
    const auto y = kernels::rotate(x, zero, one);
    EXPECT_EQ(max_abs(y.narrow(-1, 0, 2), -x.narrow(-1, 2, 2)), 0.0);
    EXPECT_EQ(max_abs(y.narrow(-1, 2, 2), x.narrow(-1, 0, 2)), 0.0);
}

TEST(Rotate, GradientsByFiniteDifferences) {
    const auto angle = randn({3, 2}, 5);
    const auto cos = at::cos(angle), sin = at::sin(angle);
    for (const auto form : {Form::fused, Form::reference})
        expect_gradient("rotate", {randn({2, 3, 2, 4}, 1)}, [&](const std::vector<at::Tensor>& x) {
            const auto y = kernels::rotate(x[0], cos, sin, form);
            return (y * y * y).sum();
        });
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
