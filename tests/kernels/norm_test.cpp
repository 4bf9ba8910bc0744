// If these fail, what lies between two layers is not x + dropout(written) and its LayerNorm, its
// gradient is that of another function, or it depends on how the work is cut.
#include <ATen/Parallel.h>
#include <ATen/ops/layer_norm.h>
#include <torch/csrc/autograd/autograd.h>

#include "kernels/ops.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::Form;

constexpr double kEps = 1e-5;

TEST(AddNorm, GradientsByFiniteDifferences) {
    const auto pull = randn({5, 4}, 8), other = randn({5, 4}, 9);
    for (const auto form : {Form::fused, Form::reference})
        for (const double p : {0.0, 0.4}) {
            const auto scalar = [&](const at::Tensor& x, const at::Tensor& written,
                                    const std::vector<at::Tensor>& in, size_t at) {
                const auto y = kernels::add_norm(x, written, in[at], in[at + 1], kEps, p, 7, form);
                return (y.sum * pull).sum() + (y.normed * other).sum();
            };
            const auto x = randn({5, 4}, 1), written = randn({5, 4}, 2), w = randn({4}, 3),
                       b = randn({4}, 4);
            expect_gradient("add_norm", {x, written, w, b},
                            [&](const auto& in) { return scalar(in[0], in[1], in, 2); });
            expect_gradient("dropout and norm", {written, w, b},
                            [&](const auto& in) { return scalar({}, in[0], in, 1); });
            expect_gradient("norm", {x, w, b},
                            [&](const auto& in) { return scalar(in[0], {}, in, 1); });
        }
}

struct NormFound {
    at::Tensor sum, normed;
    std::vector<at::Tensor> gradients;
};

NormFound run_norm(int64_t tokens, int64_t d, double p, Form form, at::ScalarType type,
                   bool uses_sum) {
    std::vector<at::Tensor> leaves;
    for (const auto& shape : std::vector<std::vector<int64_t>>{{tokens, d}, {tokens, d}, {d}, {d}})
        leaves.push_back(randn(shape, 10 + leaves.size()).to(type).set_requires_grad(true));
    const auto y = kernels::add_norm(leaves[0], leaves[1], leaves[2], leaves[3], kEps, p, 11, form);
    const auto pull = randn({tokens, d}, 20).to(type);
    uses_sum ? torch::autograd::backward({y.sum, y.normed}, {pull * 0.5, pull})
             : torch::autograd::backward({y.normed}, {pull});
    NormFound out{y.sum.detach(), y.normed.detach(), {}};
    for (const auto& leaf : leaves) out.gradients.push_back(leaf.grad());
    return out;
}

TEST(AddNorm, EqualsReferenceAtEveryEdge) {
    for (const int64_t tokens : {0, 1, 63, 64, 129})
        for (const int64_t d : {1, 31, 33, 71})
            for (const double p : {0.0, 0.25})
                for (const bool uses_sum : {false, true}) {
                    const auto a = run_norm(tokens, d, p, Form::fused, at::kDouble, uses_sum),
                               b = run_norm(tokens, d, p, Form::reference, at::kDouble, uses_sum);
                    EXPECT_LT(max_abs(a.sum, b.sum), 1e-14);
                    EXPECT_LT(max_abs(a.normed, b.normed), 1e-9) << tokens << " " << d;
                    for (size_t i = 0; i < a.gradients.size(); ++i)
                        EXPECT_LT(max_abs(a.gradients[i], b.gradients[i]), 1e-9)
                            << tokens << " " << d << " " << p << " " << i;
                }
}

// Rows of a level far above their spread cost digits where sums of squares were subtracted.
TEST(AddNorm, SinglePrecisionFollowsDouble) {
    const auto x = randn({40, 96}, 1) + 100, w = randn({96}, 3), b = randn({96}, 4);
    const auto exact = at::layer_norm(x.to(at::kFloat).to(at::kDouble), {96}, w, b, kEps);
    const auto found =
        kernels::add_norm(x.to(at::kFloat), {}, w.to(at::kFloat), b.to(at::kFloat), kEps);
    EXPECT_LT(max_abs(found.normed, exact), 1e-4);
    for (const double p : {0.0, 0.25}) {
        const auto a = run_norm(70, 96, p, Form::fused, at::kFloat, true),
                   c = run_norm(70, 96, p, Form::fused, at::kDouble, true);
        for (size_t i = 0; i < a.gradients.size(); ++i)
            EXPECT_LT(max_abs(a.gradients[i], c.gradients[i]), 1e-4) << i;
    }
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

TEST(AddNorm, DoesNotDependOnThreads) {
    const auto with = [&](int threads) {
        const int before = at::get_num_threads();
        at::set_num_threads(threads);
        auto out = run_norm(500, 96, 0.1, Form::fused, at::kFloat, true);
        at::set_num_threads(before);
        return out;
    };
    const auto one = with(1);
    for (const int threads : {2, 5}) {
        const auto more = with(threads);
        EXPECT_TRUE(one.normed.equal(more.normed));
        for (size_t i = 0; i < one.gradients.size(); ++i)
            EXPECT_TRUE(one.gradients[i].equal(more.gradients[i])) << threads << " " << i;
    }
}

}  // namespace
