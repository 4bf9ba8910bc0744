// If these fail, the loss is not the cross-entropy of the tied head.
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
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

}  // namespace
