// If this fails, gradient norms, overlaps or loads are counted wrongly.
#include <ATen/ops/tensor.h>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

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
