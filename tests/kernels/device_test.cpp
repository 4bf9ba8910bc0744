// If these fail, an operator on a GPU is another than its reference, although its kernels were
// right when their threads ran on the CPU. Only in a build with CUDA; skipped where there is no
// device.
#ifdef HOPSCOPE_CUDA
#include <ATen/Context.h>
#include <c10/core/GradMode.h>
#include <limits>

#include "tests/kernels/expert_banks.h"
#include "tests/kernels/helpers.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using at::Tensor;
using kernels::Form;

class Device : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!at::hasCUDA()) GTEST_SKIP() << "no CUDA device";
    }

    /// The value of `f` and its gradients by `inputs`, made on the device, brought back.
    static std::vector<Tensor> run(const std::vector<Tensor>& inputs, at::ScalarType type,
                                   const std::function<Tensor(const std::vector<Tensor>&)>& f) {
        std::vector<Tensor> leaves;
        for (const auto& x : inputs)
            leaves.push_back(x.to(at::kCUDA, type).detach().set_requires_grad(true));
        const auto y = f(leaves);
        (y * randn(y.sizes(), 31).to(at::kCUDA, y.scalar_type())).sum().backward();
        std::vector<Tensor> out{y.detach().cpu()};
        for (const auto& x : leaves) out.push_back(x.grad().defined() ? x.grad().cpu() : Tensor());
        return out;
    }

    static void expect_same(const std::vector<Tensor>& a, const std::vector<Tensor>& b,
                            double tolerance) {
        for (size_t i = 0; i < a.size(); ++i) {
            ASSERT_EQ(a[i].defined(), b[i].defined()) << "tensor " << i;
            if (!a[i].defined()) continue;
            EXPECT_LT(max_abs(a[i], b[i]), tolerance) << "tensor " << i;
        }
    }
};

TEST_F(Device, RoutingEqualsItsReferenceAndRepeatsItsBits) {
    for (const int64_t experts : {9, 33, 1024})
        for (const bool renormalise : {true, false}) {
            const auto pass = [&](at::ScalarType type, Form form) {
                const std::vector<Tensor> in{
                    randn({300, 48}, 1), randn({16, 48}, 2), randn({experts, 16}, 3),
                    at::full({}, 5.0, at::TensorOptions().dtype(at::kDouble))};
                return run(in, type, [&](const std::vector<Tensor>& x) {
                    const auto r =
                        kernels::route(x[0], x[1], x[2], x[3], 8, renormalise, {}, {}, form);
                    const auto weighed = randn({experts}, 5).to(at::kCUDA, type);
                    return at::cat({r.weight.reshape({-1}), r.mean_p * weighed, r.entropy, r.max_p,
                                    r.idx.to(type).reshape({-1})});
                });
            };
            const auto fused = pass(at::kDouble, Form::fused);
            expect_same(fused, pass(at::kDouble, Form::reference), 1e-9);
            const auto again = pass(at::kDouble, Form::fused);
            for (size_t i = 0; i < fused.size(); ++i) EXPECT_TRUE(fused[i].equal(again[i])) << i;
        }
}

TEST_F(Device, SelectionTakesTheLowestOfTies) {
    const auto scores = (randn({70, 129}, 4) * 2).round().to(at::kCUDA);
    const c10::NoGradGuard guard;
    const auto fused = kernels::choose(scores, 12, {}, Form::fused);
    EXPECT_TRUE(fused.idx.equal(kernels::choose(scores, 12, {}, Form::reference).idx));
}

TEST_F(Device, ExpertsEqualTheirReferenceAndRepeatTheirBits) {
    const ExpertCase c{700, 8, 40, 2, 300};
    const auto idx = choices(c.tokens, c.k, c.experts, 9).to(at::kCUDA);
    for (const auto kind : kKinds)
        for (const auto composition : kCompositions) {
            const auto pass = [&](at::ScalarType type, Form form) {
                return run(expert_inputs(kind, c), type, [&](const std::vector<Tensor>& in) {
                    return compose(kind, idx, in, composition, form);
                });
            };
            SCOPED_TRACE(name_of(kind));
            const auto fused = pass(at::kDouble, Form::fused);
            expect_same(fused, pass(at::kDouble, Form::reference), 1e-9);
            expect_same(pass(at::kFloat, Form::fused), fused, 1e-2);
            const auto again = pass(at::kDouble, Form::fused);
            for (size_t i = 0; i < fused.size(); ++i) EXPECT_TRUE(fused[i].equal(again[i])) << i;
        }
}

}  // namespace
#endif
