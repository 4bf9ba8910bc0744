// If these fail, experts add other updates than Eq. (4) says, learn from a wrong gradient, or are
// not reproducible.
#include <ATen/Parallel.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <atomic>
#include <cmath>
#include <set>
#include <thread>

#include "kernels/ops.h"
#include "tests/kernels/expert_banks.h"

namespace {

using namespace hopscope;
using hopscope::test::choices;
using hopscope::test::expect_gradient;
using hopscope::test::max_abs;
using hopscope::test::randn;
using kernels::Form;

using Bank = hopscope::test::ExpertCase;
class ExpertsCases : public ::testing::TestWithParam<Bank> {};

TEST_P(ExpertsCases, FusedEqualsReference) {
    const auto c = GetParam();
    const auto h = randn({c.tokens, c.d}, 1), w = randn({c.tokens, c.k}, 2);
    const auto idx = choices(c.tokens, c.k, c.experts, 3);
    const auto down = randn({c.experts, c.rank, c.d}, 4), up = randn({c.experts, c.rank, c.d}, 5);
    EXPECT_LT(max_abs(kernels::experts(h, idx, w, down, up, Form::fused),
                      kernels::experts(h, idx, w, down, up, Form::reference)),
              1e-11);
}

TEST_P(ExpertsCases, GradientsByFiniteDifferences) {
    const auto c = GetParam();
    const auto idx = choices(c.tokens, c.k, c.experts, 3);
    const auto out = randn({c.tokens, c.d}, 9);
    for (const auto form : {Form::fused, Form::reference})
        expect_gradient(
            "experts",
            {randn({c.tokens, c.d}, 1), randn({c.tokens, c.k}, 2),
             randn({c.experts, c.rank, c.d}, 4) * 0.5, randn({c.experts, c.rank, c.d}, 5)},
            [&](const std::vector<at::Tensor>& x) {
                return (kernels::experts(x[0], idx, x[1], x[2], x[3], form) * out).sum();
            },
            1e-5);
}

// One expert for all, k = M, rank above 1, experts without a token, widths that fill no vector
// register.
INSTANTIATE_TEST_SUITE_P(Shapes, ExpertsCases,
                         ::testing::Values(Bank{5, 2, 6, 1, 7}, Bank{4, 1, 3, 2, 5},
                                           Bank{3, 4, 4, 1, 3}, Bank{2, 2, 40, 1, 35},
                                           Bank{6, 3, 5, 3, 4}));

TEST(Experts, GradientsDoNotDependOnTheThreadCount) {
    const int64_t tokens = 300, k = 4, experts = 32, d = 48;
    const auto idx = choices(tokens, k, experts, 3);
    const auto run = [&](int threads) {
        at::set_num_threads(threads);
        std::vector<at::Tensor> in;
        for (auto t :
             {randn({tokens, d}, 1, at::kFloat), randn({tokens, k}, 2, at::kFloat),
              randn({experts, 1, d}, 4, at::kFloat), randn({experts, 1, d}, 5, at::kFloat)})
            in.push_back(t.set_requires_grad(true));
        kernels::experts(in[0], idx, in[1], in[2], in[3]).square().sum().backward();
        std::vector<at::Tensor> grads;
        for (auto& t : in) grads.push_back(t.grad());
        return grads;
    };
    const int before = at::get_num_threads();
    const auto one = run(1), two = run(2);
    at::set_num_threads(before);
    for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(one[i].equal(two[i])) << "input " << i;
}

TEST(Experts, AnExpertWithoutATokenHasNoGradient) {
    auto down = randn({5, 1, 4}, 4).set_requires_grad(true),
         up = randn({5, 1, 4}, 5).set_requires_grad(true);
    const auto idx = at::full({3, 1}, 2, at::TensorOptions().dtype(at::kLong));
    kernels::experts(randn({3, 4}, 1), idx, randn({3, 1}, 2), down, up).sum().backward();
    EXPECT_EQ(down.grad().select(0, 0).abs().max().item().toDouble(), 0.0);
    EXPECT_GT(down.grad().select(0, 2).abs().max().item().toDouble(), 0.0);
}

TEST(Parallel, LoopsUseAllThreads) {
    // Without OpenMP in our own files at::parallel_for is silently serial.
    const int before = at::get_num_threads();
    at::set_num_threads(2);
    std::atomic<bool> seen[2] = {false, false};
    at::parallel_for(0, 64, 1,
                     [&](int64_t, int64_t) { seen[at::get_thread_num() == 0 ? 0 : 1] = true; });
    at::set_num_threads(before);
    EXPECT_TRUE(seen[0] && seen[1]);
}

}  // namespace
