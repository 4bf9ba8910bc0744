// If these fail, the loss is not the cross-entropy of the tied head, or AdamW is not the published
// formula.
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <cmath>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using hopscope::test::expect_gradient;
using hopscope::test::max_abs;
using hopscope::test::randn;
using kernels::Form;

TEST(Classifier, EqualsReferenceOverChunkBorders) {
    const auto x = randn({2500, 8}, 1), embed = randn({30, 8}, 2);
    const auto targets =
        at::arange(2500, at::TensorOptions().dtype(at::kLong)).mul(7).remainder(30);
    const auto a = kernels::classifier(x, embed, targets, Form::fused);
    const auto b = kernels::classifier(x, embed, targets, Form::reference);
    EXPECT_LT(max_abs(a.nll, b.nll), 1e-11);
    EXPECT_LT(max_abs(a.nll_sum, b.nll_sum), 1e-8);
}

TEST(Classifier, GradientsByFiniteDifferences) {
    const auto targets = at::tensor({3, 0, 4, 4}, at::TensorOptions().dtype(at::kLong));
    for (const auto form : {Form::fused, Form::reference})
        expect_gradient("classifier", {randn({4, 3}, 1), randn({5, 3}, 2)},
                        [&](const std::vector<at::Tensor>& x) {
                            return kernels::classifier(x[0], x[1], targets, form).nll_sum * 0.37;
                        });
}

TEST(AdamW, FollowsTheFormulaByHand) {
    // One element, two updates, computed here in fp64 from the published recursion.
    const double lr = 0.1, b1 = 0.9, b2 = 0.95, eps = 1e-8, wd = 0.01, scale = 0.5,
                 g[2] = {2.0, -1.0};
    double p = 1.5, m = 0, v = 0;
    auto tp = at::tensor({1.5F}), tm = at::zeros({1}), tv = at::zeros({1});
    for (int t = 1; t <= 2; ++t) {
        const double x = g[t - 1] * scale;
        p *= 1 - lr * wd;
        m = b1 * m + (1 - b1) * x;
        v = b2 * v + (1 - b2) * x * x;
        p -= lr * (m / (1 - std::pow(b1, t))) / (std::sqrt(v / (1 - std::pow(b2, t))) + eps);
        kernels::adamw(tp, at::tensor({static_cast<float>(g[t - 1])}), tm, tv, {},
                       {lr, b1, b2, eps, wd, scale, t});
        EXPECT_NEAR(tp.item().toDouble(), p, 1e-6);
    }
}

TEST(AdamW, FusedEqualsReferenceAndWritesTheShadow) {
    const auto start = randn({1000}, 1, at::kFloat), grad = randn({1000}, 2, at::kFloat);
    at::Tensor p[2], m[2], v[2], shadow[2];
    for (int i = 0; i < 2; ++i) {
        p[i] = start.clone();
        m[i] = at::zeros_like(start);
        v[i] = at::zeros_like(start);
        shadow[i] = at::zeros({1000}, at::TensorOptions().dtype(at::kBFloat16));
        for (int t = 1; t <= 3; ++t)
            kernels::adamw(p[i], grad, m[i], v[i], shadow[i], {1e-2, 0.9, 0.95, 1e-8, 0.1, 0.7, t},
                           i ? Form::reference : Form::fused);
        EXPECT_EQ(max_abs(shadow[i], p[i].to(at::kBFloat16)), 0.0);
    }
    EXPECT_LT(max_abs(p[0], p[1]), 1e-6);
}

TEST(Statistics, SumOfSquaresAndJaccard) {
    const auto x = randn({10000}, 1, at::kFloat);
    EXPECT_NEAR(kernels::sum_squares(x), x.to(at::kDouble).square().sum().item().toDouble(), 1e-8);
    const auto a =
        at::tensor({0, 1, 2, 3, 5, 6}, at::TensorOptions().dtype(at::kLong)).view({2, 3});
    const auto b =
        at::tensor({2, 1, 7, 3, 5, 6}, at::TensorOptions().dtype(at::kLong)).view({2, 3});
    EXPECT_DOUBLE_EQ(kernels::mean_jaccard(a, b), (2.0 / 4.0 + 1.0) / 2);
    EXPECT_TRUE(kernels::count_choices(a, 8).equal(
        at::tensor({1, 1, 1, 1, 0, 1, 1, 0}, at::TensorOptions().dtype(at::kLong))));
}

}  // namespace
