// If these fail, attention under dropout is not softmax(q kᵀ) ⊙ mask · v, its gradient is that of
// another function, or the mask depends on how the work is cut.
#include <ATen/Parallel.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include "kernels/ops.h"
#include "kernels/peak_memory.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::Form;

TEST(DropoutAttention, EqualsReferenceOverBlockBorders) {
    const auto q = randn({2, 3, 150, 8}, 1), k = randn({2, 3, 150, 8}, 2),
               v = randn({2, 3, 150, 8}, 3);
    const auto fused = kernels::dropout_attention(q, k, v, 0.3, 7, Form::fused);
    EXPECT_LT(max_abs(fused, kernels::dropout_attention(q, k, v, 0.3, 7, Form::reference)), 1e-12);
    EXPECT_GT(max_abs(fused, kernels::dropout_attention(q, k, v, 0.3, 8)), 0.1)
        << "another seed drops the same entries";
}

TEST(DropoutAttention, WithoutDropoutItIsTheAttentionOfLibTorch) {
    const auto q = randn({1, 2, 70, 4}, 1), k = randn({1, 2, 70, 4}, 2),
               v = randn({1, 2, 70, 4}, 3);
    EXPECT_LT(max_abs(kernels::dropout_attention(q, k, v, 0, 1),
                      at::scaled_dot_product_attention(q, k, v, {}, 0, true)),
              1e-12);
}

TEST(DropoutAttention, GradientsByFiniteDifferences) {
    for (const auto form : {Form::fused, Form::reference})
        expect_gradient("dropout attention",
                        {randn({1, 2, 5, 3}, 1), randn({1, 2, 5, 3}, 2), randn({1, 2, 5, 3}, 3)},
                        [&](const std::vector<at::Tensor>& x) {
                            const auto y =
                                kernels::dropout_attention(x[0], x[1], x[2], 0.3, 11, form);
                            return (y * y).sum();
                        });
}

TEST(DropoutAttention, GradientsOfBothFormsAgreeOverBlockBorders) {
    at::Tensor grads[2][3];
    for (int f = 0; f < 2; ++f) {
        at::Tensor x[3];
        for (int i = 0; i < 3; ++i)
            x[i] = randn({1, 2, 140, 4}, static_cast<uint64_t>(i + 1)).set_requires_grad(true);
        kernels::dropout_attention(x[0], x[1], x[2], 0.2, 5, f ? Form::reference : Form::fused)
            .square()
            .sum()
            .backward();
        for (int i = 0; i < 3; ++i) grads[f][i] = x[i].grad();
    }
    for (int i = 0; i < 3; ++i) EXPECT_LT(max_abs(grads[0][i], grads[1][i]), 1e-11) << i;
}

// Wrong if bf16 tensors were computed in bf16 (the output alone is rounded), or their gradients
// were of another type than they.
TEST(DropoutAttention, NarrowTypesFollowTheFormula) {
    for (const int64_t length : {1, 65, 140}) {
        at::Tensor narrow[3], exact[3];
        for (int i = 0; i < 3; ++i) {
            const auto x =
                randn({2, 2, length, 16}, static_cast<uint64_t>(i + 1)).to(at::kBFloat16);
            narrow[i] = x.detach().set_requires_grad(true);
            exact[i] = x.to(at::kDouble).set_requires_grad(true);
        }
        const auto y = kernels::dropout_attention(narrow[0], narrow[1], narrow[2], 0.2, 5);
        const auto wanted =
            kernels::dropout_attention(exact[0], exact[1], exact[2], 0.2, 5, Form::reference);
        EXPECT_EQ(y.scalar_type(), at::kBFloat16);
        const auto error = (y.to(at::kDouble) - wanted.detach()).abs().mean();
        EXPECT_LT(error.item().toDouble(), 0x1p-9 * wanted.detach().abs().mean().item().toDouble())
            << length;
        const auto g = randn({2, 2, length, 16}, 9);
        y.backward(g.to(at::kBFloat16));
        wanted.backward(g);
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(narrow[i].grad().scalar_type(), at::kBFloat16);
            EXPECT_LE(max_abs(narrow[i].grad(), exact[i].grad()),  // 0 of one key
                      0.01 * exact[i].grad().abs().max().item().toDouble())
                << length << " " << i;
        }
    }
}

/// With v = 1 at one key a row the output is that key's probability after dropout.
TEST(DropoutAttention, DropsTheShareItIsAskedFor) {
    const int64_t n = 64;
    const auto zero = at::zeros({8, 4, n, n}, at::TensorOptions().dtype(at::kDouble));
    const auto v = at::eye(n, zero.options()).expand({8, 4, n, n});
    const auto p = kernels::dropout_attention(zero, zero, v, 0.25, 3);
    const auto seen = at::ones({n, n}, zero.options().dtype(at::kBool)).tril();
    const double kept = p.gt(0).logical_and(seen).sum().item().toDouble();
    const double entries = 8 * 4 * n * (n + 1) / 2.0;
    EXPECT_NEAR(kept / entries, 0.75, 4 * std::sqrt(0.25 * 0.75 / entries));
    EXPECT_EQ(p.gt(0).logical_and(seen.logical_not()).sum().item().toDouble(), 0)
        << "a query sees a later key";
    // Query t spreads evenly over t + 1 keys; what is kept is scaled up.
    EXPECT_NEAR(p.select(2, 9).max().item().toDouble(), 0.1 / 0.75, 1e-12);
}

TEST(DropoutAttention, DoesNotDependOnThreads) {
    const auto q = randn({2, 2, 130, 8}, 1, at::kFloat);
    const auto many = kernels::dropout_attention(q, q, q, 0.1, 9);
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    const auto one = kernels::dropout_attention(q, q, q, 0.1, 9);
    at::set_num_threads(threads);
    EXPECT_EQ(max_abs(many > 0, one > 0), 0.0);
    EXPECT_LT(max_abs(many, one), 1e-6);
}

TEST(DropoutAttention, KeepsNothingOfTheSizeOfAllPairs) {
    const int64_t b = 2, heads = 4, t = 1024, d = 16;
    auto q = randn({b, heads, t, d}, 1, at::kFloat).set_requires_grad(true);
    const kernels::PeakMemory memory;
    kernels::dropout_attention(q, q, q, 0.1, 9).sum().backward();
    const auto all_pairs = static_cast<double>(b * heads * t * t * 4);
    EXPECT_LT(static_cast<double>(memory.peak()), 0.6 * all_pairs)
        << "a few blocks of 64 queries are an eighth of the pairs each";
}

}  // namespace
