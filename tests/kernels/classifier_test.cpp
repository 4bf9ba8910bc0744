// If these fail, the loss is not the cross-entropy of the tied head.
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <limits>

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

/// Values and gradients of one call, fp64.
struct Found {
    at::Tensor nll, dx, dembed;
};
Found found(at::Tensor x, at::Tensor embed, const at::Tensor& targets, Form form) {
    x = x.detach().set_requires_grad(true);
    embed = embed.detach().set_requires_grad(true);
    const auto out = kernels::classifier(x, embed, targets, form);
    out.nll_sum.backward();
    return {out.nll.to(at::kDouble), x.grad().to(at::kDouble), embed.grad().to(at::kDouble)};
}

// Rows that end within a vector, chunks that end within the batch, a vocabulary of one chunk.
TEST(Classifier, NarrowTypesEqualTheFormula) {
    for (const int64_t vocab : {1, 31, 71, 1000})
        for (const int64_t tokens : {1, 33, 600}) {
            const auto targets =
                at::arange(tokens, at::TensorOptions().dtype(at::kLong)).mul(7).remainder(vocab);
            for (const auto type : {at::kFloat, at::kBFloat16}) {
                const auto x = randn({tokens, 40}, 1).to(type),
                           embed = randn({vocab, 40}, 2).to(type);
                // The formula on the same rounded numbers.
                const auto exact =
                    found(x.to(at::kDouble), embed.to(at::kDouble), targets, Form::reference);
                const auto fused = found(x, embed, targets, Form::fused);
                EXPECT_LT(max_abs(fused.nll, exact.nll), 2e-5) << vocab << " " << tokens;
                // bf16 keeps eight bits of each entry of the gradient of the logits.
                const double share = type == at::kFloat ? 2e-6 : 0.01;
                EXPECT_LE(max_abs(fused.dx, exact.dx),
                          share * (1 + exact.dx.abs().max().item().toDouble()));
                EXPECT_LE(max_abs(fused.dembed, exact.dembed),
                          share * (1 + exact.dembed.abs().max().item().toDouble()));
            }
        }
}

TEST(Classifier, LargeLogitsStayFinite) {
    const auto x = (randn({5, 3}, 1) * 300).to(at::kFloat),
               embed = (randn({50, 3}, 2) * 300).to(at::kFloat);
    const auto targets = at::zeros({5}, at::TensorOptions().dtype(at::kLong));
    const auto exact = found(x.to(at::kDouble), embed.to(at::kDouble), targets, Form::reference);
    const auto fused = found(x, embed, targets, Form::fused);
    EXPECT_LT(max_abs(fused.nll, exact.nll), 1e-6 * exact.nll.max().item().toDouble() + 1e-2);
    EXPECT_LT(max_abs(fused.dx, exact.dx), 1e-1);
}

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

TEST(Classifier, GradientsByFiniteDifferences) {
    const auto targets = at::tensor({3, 0, 4, 4}, at::TensorOptions().dtype(at::kLong));
    for (const auto form : {Form::fused, Form::reference})
        expect_gradient("classifier", {randn({4, 3}, 1), randn({5, 3}, 2)},
                        [&](const std::vector<at::Tensor>& x) {
                            return kernels::classifier(x[0], x[1], targets, form).nll_sum * 0.37;
                        });
}

}  // namespace
