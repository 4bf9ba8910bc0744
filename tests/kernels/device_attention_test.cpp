// If these fail, attention on a GPU is not softmax(q kᵀ) ⊙ mask · v, its gradient is that of
// another mask or depends on timing, or a seed does not decide what is dropped. Only in a build
// with CUDA; skipped where there is no device.
#ifdef HOPSCOPE_CUDA
#include <torch/csrc/autograd/function.h>

#include "kernels/ops.h"
#include "tests/kernels/device.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using at::Tensor;
using kernels::Form;

/// q, k, v as projections lie in memory, [B, T, heads, head_dim].
std::vector<Tensor> heads(int64_t length, int64_t head_dim) {
    std::vector<Tensor> out;
    for (uint64_t seed = 1; seed < 4; ++seed) out.push_back(randn({2, length, 3, head_dim}, seed));
    return out;
}

Tensor attend(const std::vector<Tensor>& x, double p, int64_t seed, Form form = Form::fused) {
    return kernels::attention(x[0].transpose(1, 2), x[1].transpose(1, 2), x[2].transpose(1, 2), p,
                              seed, form);
}

TEST_F(Device, AttentionEqualsItsReferenceAndDropsWhatTheCpuDrops) {
    for (const int64_t length : {1, 70, 300})
        for (const double p : {0.0, 0.3}) {
            const auto pass = [&](at::ScalarType type, Form form) {
                return run(heads(length, 12), type,
                           [&](const std::vector<Tensor>& x) { return attend(x, p, 7, form); });
            };
            const auto exact = pass(at::kDouble, Form::reference);
            expect_same(pass(at::kDouble, Form::fused), exact, 1e-11);
            expect_same(pass(at::kFloat, Form::fused), exact, 1e-4);
            // A head that flash attention does not take.
            expect_same(pass(at::kBFloat16, Form::fused), exact, 0.05, 0.05);
            expect_same_bits(pass(at::kFloat, Form::fused), pass(at::kFloat, Form::fused));
            std::vector<Tensor> on_cpu = heads(length, 12);
            EXPECT_LT(max_abs(exact[0], attend(on_cpu, p, 7)), 1e-11);
        }
}

TEST_F(Device, FlashAttentionFollowsTheFormulaAndRepeatsItsBits) {
    for (const int64_t length : {1, 70, 600})
        for (const double p : {0.0, 0.25}) {
            const auto pass = [&](Form form) {
                return run(heads(length, 64), at::kBFloat16,
                           [&](const std::vector<Tensor>& x) { return attend(x, p, 5, form); });
            };
            const auto fused = pass(Form::fused);
            expect_same_bits(fused, pass(Form::fused));
            if (p == 0) expect_same(fused, pass(Form::reference), 0.02, 0.03);
        }
}

/// With v = 1 at one key a row, what comes out are the weights after dropout.
TEST_F(Device, ASeedDecidesWhatFlashAttentionDropsInBothDirections) {
    const int64_t n = 64;
    const auto zero = at::zeros({4, 4, n, n}, at::kBFloat16).to(at::kCUDA);
    const auto unit = at::eye(n, zero.options()).expand({4, 4, n, n}).contiguous();
    const double p = 0.25;
    const auto weights = kernels::attention(zero, zero, unit, p, 3);
    EXPECT_TRUE(weights.equal(kernels::attention(zero, zero, unit, p, 3)));
    EXPECT_FALSE(weights.equal(kernels::attention(zero, zero, unit, p, 4)));
    const double entries = 4 * 4 * n * (n + 1) / 2.0;
    EXPECT_NEAR(weights.gt(0).sum().item().toDouble() / entries, 1 - p,
                4 * std::sqrt(p * (1 - p) / entries));
    EXPECT_EQ(weights.to(at::kFloat).triu(1).abs().max().item().toDouble(), 0)
        << "a query sees a later key";
    // The gradient of v is the transpose of the same weights times that of the output.
    auto v = unit.clone().set_requires_grad(true);
    const auto g = randn({4, 4, n, n}, 9, at::kBFloat16).to(at::kCUDA);
    kernels::attention(zero, zero, v, p, 3).backward(g);
    const auto want = at::matmul(weights.to(at::kDouble).transpose(-1, -2), g.to(at::kDouble));
    EXPECT_LT(max_abs(v.grad(), want), 0.03 * (1 + want.abs().max().item().toDouble()));
}

TEST_F(Device, AttentionLeavesTheGeneratorWhereItWas) {
    auto generator = at::globalContext().defaultGenerator(at::Device(at::kCUDA, 0));
    const auto drawn = [&] { return at::empty({100}, at::kCUDA).uniform_().cpu(); };
    generator.set_current_seed(11);
    drawn();
    const auto want = drawn();
    generator.set_current_seed(11);
    drawn();
    const auto x = heads(70, 64);
    attend({x[0].to(at::kCUDA, at::kBFloat16), x[1].to(at::kCUDA, at::kBFloat16),
            x[2].to(at::kCUDA, at::kBFloat16)},
           0.1, 3);
    EXPECT_TRUE(drawn().equal(want));
}

}  // namespace
#endif
