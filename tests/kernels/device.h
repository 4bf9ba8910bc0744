// What the tests on a GPU share. Only in a build with CUDA; skipped where there is no device.
#pragma once

#include <ATen/Context.h>
#include <functional>
#include <vector>

#include "tests/kernels/helpers.h"

namespace hopscope::test {

class Device : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!at::hasCUDA()) GTEST_SKIP() << "no CUDA device";
    }

    /// The value of `f` and its gradients by `inputs`, made on the device, brought back.
    static std::vector<at::Tensor> run(
        const std::vector<at::Tensor>& inputs, at::ScalarType type,
        const std::function<at::Tensor(const std::vector<at::Tensor>&)>& f) {
        std::vector<at::Tensor> leaves;
        for (const auto& x : inputs)
            leaves.push_back(x.to(at::kCUDA, type).detach().set_requires_grad(true));
        const auto y = f(leaves);
        (y * randn(y.sizes(), 31).to(at::kCUDA, y.scalar_type())).sum().backward();
        std::vector<at::Tensor> out{y.detach().cpu()};
        for (const auto& x : leaves)
            out.push_back(x.grad().defined() ? x.grad().cpu() : at::Tensor());
        return out;
    }

    /// Within `tolerance` of each other; `share`: of the largest number of a tensor, more.
    static void expect_same(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b,
                            double tolerance, double share = 0) {
        for (size_t i = 0; i < a.size(); ++i) {
            ASSERT_EQ(a[i].defined(), b[i].defined()) << "tensor " << i;
            if (!a[i].defined()) continue;
            const double largest =
                b[i].numel() ? b[i].to(at::kDouble).abs().max().item().toDouble() : 0;
            EXPECT_LE(max_abs(a[i], b[i]), tolerance + share * largest) << "tensor " << i;
        }
    }

    static void expect_same_bits(const std::vector<at::Tensor>& a,
                                 const std::vector<at::Tensor>& b) {
        for (size_t i = 0; i < a.size(); ++i)
            EXPECT_TRUE(!a[i].defined() || a[i].equal(b[i])) << "tensor " << i;
    }
};

}  // namespace hopscope::test
