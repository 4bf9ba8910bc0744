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

// Wrong if the last update of a tensor went on into what lies behind it.
TEST(AdamW, WhatLiesBehindATensorStays) {
    for (const int64_t n : {1, 31, 32, 33, 1000, 70'000}) {
        at::Tensor whole[3];
        for (auto& x : whole) x = at::full({n + 8}, 3.0F);
        kernels::adamw(whole[0].narrow(0, 0, n), randn({n}, 2, at::kFloat),
                       whole[1].narrow(0, 0, n), whole[2].narrow(0, 0, n), {},
                       {1e-2, 0.9, 0.95, 1e-8, 0.1, 0.7, 1});
        for (const auto& x : whole) {
            EXPECT_EQ(max_abs(x.narrow(0, n, 8), at::full({8}, 3.0F)), 0.0) << n;
            EXPECT_FALSE((x.narrow(0, 0, n) == 3.0F).any().item().toBool()) << n;
        }
    }
}

}  // namespace
