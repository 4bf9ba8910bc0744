// If these fail, attention is not what everybody calls so, drops another share than it is asked
// for, hides what is not finite, or keeps what it promises not to. Its values and gradients are
// held against the reference in cases_test.cpp.
#include <ATen/ops/eye.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include "kernels/ops.h"
#include "kernels/peak_memory.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::Form;

// Wrong if the definition itself were another one than everybody's, or a projection behind it had
// to copy.
TEST(Attention, WithoutDropoutItIsTheAttentionOfLibTorch) {
    const auto heads = [](uint64_t seed) {  // as projections lie in memory: [B, T, heads, head_dim]
        return randn({2, 129, 3, 5}, seed).transpose(1, 2);
    };
    const auto q = heads(1), k = heads(2), v = heads(3);
    const auto y = kernels::attention(q, k, v);
    EXPECT_LT(max_abs(y, at::scaled_dot_product_attention(q, k, v, {}, 0, true)), 1e-12);
    EXPECT_TRUE(y.transpose(1, 2).is_contiguous());
    EXPECT_GT(max_abs(kernels::attention(q, k, v, 0.3, 7), kernels::attention(q, k, v, 0.3, 8)),
              0.1)
        << "another seed drops the same entries";
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
