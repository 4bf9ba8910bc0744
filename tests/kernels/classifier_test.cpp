// If these fail, a loss is made of tokens or numbers that there are not. Values and gradients are
// held against the reference in cases_test.cpp.
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <limits>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::Form;

// A damaged text may hold a token that the model has no row for.
TEST(Classifier, TargetsThatThereAreNotAreRefused) {
    const auto x = randn({3, 4}, 1).to(at::kFloat), embed = randn({5, 4}, 2).to(at::kFloat);
    for (const int64_t wrong : {-1, 5})
        EXPECT_THROW(
            kernels::classifier(x, embed, at::tensor({0, static_cast<int>(wrong), 1}, at::kLong)),
            c10::IndexError);
}

TEST(Classifier, NoNumberIsNoLoss) {
    auto x = randn({4, 3}, 1).to(at::kFloat);
    x[2][1] = std::numeric_limits<double>::quiet_NaN();
    const auto embed = randn({70, 3}, 2).to(at::kFloat);
    const auto targets = at::zeros({4}, at::TensorOptions().dtype(at::kLong));
    const auto out = kernels::classifier(x, embed, targets, Form::fused);
    EXPECT_TRUE(out.nll[2].isnan().item().toBool());
    EXPECT_FALSE(out.nll[1].isnan().item().toBool());
    EXPECT_TRUE(out.nll_sum.isnan().item().toBool());
}

}  // namespace
