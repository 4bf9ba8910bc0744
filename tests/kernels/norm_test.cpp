// If these fail, what lies between two layers is not x + dropout(written) and its LayerNorm, or
// another share is dropped. Values and gradients are held against the reference in cases_test.cpp.
#include <ATen/ops/layer_norm.h>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

constexpr double kEps = 1e-5;

TEST(AddNorm, IsTheNormOfLibTorch) {
    const auto x = randn({7, 12}, 1), written = randn({7, 12}, 2), w = randn({12}, 3),
               b = randn({12}, 4);
    const auto y = kernels::add_norm(x, written, w, b, kEps);
    EXPECT_LT(max_abs(y.sum, x + written), 1e-15);
    EXPECT_LT(max_abs(y.normed, at::layer_norm(x + written, {12}, w, b, kEps)), 1e-12);
}

TEST(AddNorm, DropsTheShareItIsAskedFor) {
    const auto ones = at::ones({400, 100}, at::kDouble), w = at::ones({100}, at::kDouble);
    const auto drop = [&](int64_t seed) {
        return kernels::add_norm({}, ones, w, w, kEps, 0.25, seed).sum;
    };
    const auto sum = drop(3);
    EXPECT_NEAR(sum.eq(0).to(at::kDouble).mean().item().toDouble(), 0.25, 0.01);
    EXPECT_LT(max_abs(sum.masked_select(sum.ne(0)), at::full({1}, 4.0 / 3, at::kDouble)), 1e-12);
    EXPECT_FALSE(sum.equal(drop(4)));
    EXPECT_FALSE(sum.narrow(0, 0, 200).equal(sum.narrow(0, 200, 200))) << "rows are dropped alike";
}

}  // namespace
