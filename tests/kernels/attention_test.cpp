// If these fail, attention is not softmax(q kᵀ) ⊙ mask · v, its gradient is that of another
// function, or the mask depends on how the work is cut.
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

TEST(Attention, EqualsReferenceOverBlockBorders) {
    const auto q = randn({2, 3, 150, 8}, 1), k = randn({2, 3, 150, 8}, 2),
               v = randn({2, 3, 150, 8}, 3);
    const auto fused = kernels::attention(q, k, v, 0.3, 7, Form::fused);
    EXPECT_LT(max_abs(fused, kernels::attention(q, k, v, 0.3, 7, Form::reference)), 1e-12);
    EXPECT_GT(max_abs(fused, kernels::attention(q, k, v, 0.3, 8)), 0.1)
        << "another seed drops the same entries";
}

TEST(Attention, WithoutDropoutItIsTheAttentionOfLibTorch) {
    const auto q = randn({1, 2, 70, 4}, 1), k = randn({1, 2, 70, 4}, 2),
               v = randn({1, 2, 70, 4}, 3);
    EXPECT_LT(max_abs(kernels::attention(q, k, v, 0, 1),
                      at::scaled_dot_product_attention(q, k, v, {}, 0, true)),
              1e-12);
}

// Wrong if a block's border, a head's place in memory or a length below a block changed the result.
TEST(Attention, GradientsWithoutDropoutAreThoseOfLibTorch) {
    for (const int64_t length : {1, 31, 64, 65, 129, 200}) {
        at::Tensor own[3], other[3];
        for (int i = 0; i < 3; ++i) {  // as projections lie in memory: [B, T, heads, head_dim]
            const auto x = randn({2, length, 3, 5}, static_cast<uint64_t>(i + 1));
            own[i] = x.clone().set_requires_grad(true);
            other[i] = x.clone().set_requires_grad(true);
        }
        const auto g = randn({2, 3, length, 5}, 9);
        const auto y = kernels::attention(own[0].transpose(1, 2), own[1].transpose(1, 2),
                                          own[2].transpose(1, 2));
        const auto wanted =
            at::scaled_dot_product_attention(other[0].transpose(1, 2), other[1].transpose(1, 2),
                                             other[2].transpose(1, 2), {}, 0, true);
        EXPECT_LT(max_abs(y.detach(), wanted.detach()), 1e-12) << length;
        EXPECT_TRUE(y.transpose(1, 2).is_contiguous()) << "a projection behind it would copy";
        y.backward(g);
        wanted.backward(g);
        for (int i = 0; i < 3; ++i)
            EXPECT_LT(max_abs(own[i].grad(), other[i].grad()), 1e-11) << length << " " << i;
    }
}

// Wrong if a query saw a key behind its own, or missed one before it.
TEST(Attention, QueriesOfTheLastTokensSeeWhatTheySawAmongAll) {
    const auto q = randn({2, 3, 70, 8}, 1), k = randn({2, 3, 70, 8}, 2),
               v = randn({2, 3, 70, 8}, 3);
    const auto all = kernels::attention(q, k, v);
    for (const auto form : {Form::fused, Form::reference})
        for (const int64_t last : {1, 2, 33, 69})
            EXPECT_LT(max_abs(kernels::attention(q.narrow(2, 70 - last, last), k, v, 0, 0, form),
                              all.narrow(2, 70 - last, last)),
                      1e-12)
                << last;
    EXPECT_THROW(kernels::attention(q, k.narrow(2, 0, 69), v.narrow(2, 0, 69)), c10::Error);
    EXPECT_THROW(kernels::attention(q.narrow(2, 0, 1), k, v, 0.5, 1), c10::Error);
}

// Wrong if fp32 lost digits to the exponentials or sums of a block.
TEST(Attention, SinglePrecisionFollowsDouble) {
    at::Tensor single[3], exact[3];
    for (int i = 0; i < 3; ++i) {
        const auto x = randn({2, 2, 150, 16}, static_cast<uint64_t>(i + 1), at::kFloat);
        single[i] = x.clone().set_requires_grad(true);
        exact[i] = x.to(at::kDouble).set_requires_grad(true);
    }
    const auto g = randn({2, 2, 150, 16}, 9, at::kFloat);
    for (const double p : {0.0, 0.2}) {
        const auto y = kernels::attention(single[0], single[1], single[2], p, 5);
        const auto wanted = kernels::attention(exact[0], exact[1], exact[2], p, 5, Form::reference);
        EXPECT_LT(max_abs(y.detach(), wanted.detach()), 3e-6);
        y.backward(g);
        wanted.backward(g.to(at::kDouble));
        for (int i = 0; i < 3; ++i) EXPECT_LT(max_abs(single[i].grad(), exact[i].grad()), 2e-5);
    }
}

// Wrong if a number that is none were hidden: training stops at a loss that is not finite.
TEST(Attention, WhatIsNotFiniteStaysSo) {
    for (const auto type : {at::kFloat, at::kBFloat16, at::kDouble}) {
        auto q = randn({1, 1, 70, 4}, 1).to(type), k = randn({1, 1, 70, 4}, 2).to(type);
        const auto v = randn({1, 1, 70, 4}, 3).to(type);
        k.select(2, 66).fill_(std::numeric_limits<double>::quiet_NaN());
        const auto y = kernels::attention(q, k, v);
        EXPECT_TRUE(y.narrow(2, 0, 66).isfinite().all().item().toBool());
        EXPECT_TRUE(y.narrow(2, 66, 4).isnan().all().item().toBool());
    }
}

TEST(Attention, GradientsByFiniteDifferences) {
    for (const auto form : {Form::fused, Form::reference})
        expect_gradient("attention",
                        {randn({1, 2, 5, 3}, 1), randn({1, 2, 5, 3}, 2), randn({1, 2, 5, 3}, 3)},
                        [&](const std::vector<at::Tensor>& x) {
                            const auto y = kernels::attention(x[0], x[1], x[2], 0.3, 11, form);
                            return (y * y).sum();
                        });
}

TEST(Attention, GradientsOfBothFormsAgreeOverBlockBorders) {
    at::Tensor grads[2][3];
    for (int f = 0; f < 2; ++f) {
        at::Tensor x[3];
        for (int i = 0; i < 3; ++i)
            x[i] = randn({1, 2, 140, 4}, static_cast<uint64_t>(i + 1)).set_requires_grad(true);
        kernels::attention(x[0], x[1], x[2], 0.2, 5, f ? Form::reference : Form::fused)
            .square()
            .sum()
            .backward();
        for (int i = 0; i < 3; ++i) grads[f][i] = x[i].grad();
    }
    for (int i = 0; i < 3; ++i) EXPECT_LT(max_abs(grads[0][i], grads[1][i]), 1e-11) << i;
}

// Wrong if sums of bf16 tensors were made in bf16, or their gradients were of another type.
TEST(Attention, NarrowTypesFollowTheFormula) {
    for (const int64_t length : {1, 65, 140}) {
        at::Tensor narrow[3], exact[3];
        for (int i = 0; i < 3; ++i) {
            const auto x =
                randn({2, 2, length, 16}, static_cast<uint64_t>(i + 1)).to(at::kBFloat16);
            narrow[i] = x.detach().set_requires_grad(true);
            exact[i] = x.to(at::kDouble).set_requires_grad(true);
        }
        const auto y = kernels::attention(narrow[0], narrow[1], narrow[2], 0.2, 5);
        const auto wanted =
            kernels::attention(exact[0], exact[1], exact[2], 0.2, 5, Form::reference);
        EXPECT_EQ(y.scalar_type(), at::kBFloat16);
        const auto error = (y.to(at::kDouble) - wanted.detach()).abs().mean();
        // Weights and output are rounded once each, by 2^-9 at most.
        EXPECT_LT(error.item().toDouble(),
                  0x1.8p-9 * wanted.detach().abs().mean().item().toDouble())
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
TEST(Attention, DropsTheShareItIsAskedFor) {
    const int64_t n = 64;
    const auto zero = at::zeros({8, 4, n, n}, at::TensorOptions().dtype(at::kDouble));
    const auto v = at::eye(n, zero.options()).expand({8, 4, n, n});
    const auto p = kernels::attention(zero, zero, v, 0.25, 3);
    const auto seen = at::ones({n, n}, zero.options().dtype(at::kBool)).tril();
    const double kept = p.gt(0).logical_and(seen).sum().item().toDouble();
    const double entries = 8 * 4 * n * (n + 1) / 2.0;
    EXPECT_NEAR(kept / entries, 0.75, 4 * std::sqrt(0.25 * 0.75 / entries));
    EXPECT_EQ(p.gt(0).logical_and(seen.logical_not()).sum().item().toDouble(), 0)
        << "a query sees a later key";
    // Query t spreads evenly over t + 1 keys; what is kept is scaled up.
    EXPECT_NEAR(p.select(2, 9).max().item().toDouble(), 0.1 / 0.75, 1e-12);
}

TEST(Attention, DoesNotDependOnThreads) {
    const auto q = randn({2, 2, 130, 8}, 1, at::kFloat);
    const auto many = kernels::attention(q, q, q, 0.1, 9);
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    const auto one = kernels::attention(q, q, q, 0.1, 9);
    at::set_num_threads(threads);
    EXPECT_EQ(max_abs(many, one), 0.0);
}

TEST(Attention, KeepsNothingOfTheSizeOfAllPairs) {
    const int64_t b = 2, heads = 4, t = 1024, d = 16;
    auto q = randn({b, heads, t, d}, 1, at::kFloat).set_requires_grad(true);
    const kernels::PeakMemory memory;
    kernels::attention(q, q, q, 0.1, 9).sum().backward();
    const auto all_pairs = static_cast<double>(b * heads * t * t * 4);
    EXPECT_LT(static_cast<double>(memory.peak()), 0.6 * all_pairs)
        << "a few blocks of 64 queries are an eighth of the pairs each";
}

}  // namespace
