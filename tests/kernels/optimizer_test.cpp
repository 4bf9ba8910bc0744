// If these fail, AdamW is not the published formula.
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <cmath>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::Form;

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

TEST(AdamW, TheShadowIsTheRoundedNewValue) {
    for (const auto form : {Form::fused, Form::reference}) {
        auto p = randn({1000}, 1, at::kFloat), m = at::zeros_like(p), v = at::zeros_like(p);
        auto shadow = at::zeros({1000}, at::TensorOptions().dtype(at::kBFloat16));
        kernels::adamw(p, randn({1000}, 2, at::kFloat), m, v, shadow,
                       {1e-2, 0.9, 0.95, 1e-8, 0.1, 0.7, 1}, form);
        EXPECT_TRUE(shadow.equal(p.to(at::kBFloat16)));
    }
}

}  // namespace
