// If these fail, an operator on a GPU is another than its reference, although its kernels were
// right when their threads ran on the CPU. Only in a build with CUDA; skipped where there is no
// device.
#ifdef HOPSCOPE_CUDA
#include "tests/kernels/device.h"

#include <c10/core/GradMode.h>
#include <limits>
#include <torch/csrc/autograd/function.h>

#include "tests/kernels/expert_banks.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using at::Tensor;
using kernels::Form;

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
            expect_same_bits(fused, pass(at::kDouble, Form::fused));
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
            expect_same(pass(at::kBFloat16, Form::fused), pass(at::kBFloat16, Form::reference), 0,
                        0.05);
            expect_same_bits(fused, pass(at::kDouble, Form::fused));
        }
}

TEST_F(Device, InterventionsInTrainingAreWorkedOutByTheFusedForm) {
    auto bias = randn({33}, 7).to(at::kCUDA);
    bias.select(0, 4).fill_(-std::numeric_limits<double>::infinity());
    const auto delta = randn({300, 16}, 8).to(at::kCUDA);
    const auto pass = [&](Form form) {
        const std::vector<Tensor> in{randn({300, 48}, 1), randn({16, 48}, 2), randn({33, 16}, 3),
                                     at::full({}, 5.0, at::TensorOptions().dtype(at::kDouble))};
        return run(in, at::kDouble, [&](const std::vector<Tensor>& x) {
            return kernels::route(x[0], x[1], x[2], x[3], 8, true, bias, delta, form).weight;
        });
    };
    expect_same(pass(Form::fused), pass(Form::reference), 1e-9);
}

// Heads in memory as they come, and of every type.
TEST_F(Device, RotationEqualsItsReference) {
    for (const auto type : {at::kDouble, at::kFloat, at::kBFloat16}) {
        const auto angle = randn({70, 33}, 5);
        const auto wide = type == at::kDouble ? at::kDouble : at::kFloat;
        const auto cos = at::cos(angle).to(at::kCUDA, wide),
                   sin = at::sin(angle).to(at::kCUDA, wide);
        const auto pass = [&](Form form) {
            return run({randn({2, 70, 3, 66}, 1)}, type, [&](const std::vector<Tensor>& x) {
                return kernels::rotate(x[0], cos, sin, form);
            });
        };
        expect_same(pass(Form::fused), pass(Form::reference), 1e-12,
                    type == at::kBFloat16 ? 0.01 : 1e-6);
    }
}

// Chunks that end within the batch, rows that end within a vector.
TEST_F(Device, ClassifierEqualsItsReferenceAndRepeatsItsBits) {
    const int64_t tokens = 5000, vocab = 1003;
    const auto targets = at::arange(tokens, at::kLong).mul(7).remainder(vocab).to(at::kCUDA);
    const auto pass = [&](at::ScalarType type, Form form) {
        return run({randn({tokens, 48}, 1), randn({vocab, 48}, 2)}, type,
                   [&](const std::vector<Tensor>& x) {
                       const auto out = kernels::classifier(x[0], x[1], targets, form);
                       EXPECT_EQ(out.nll.scalar_type(),
                                 type == at::kDouble ? at::kDouble : at::kFloat);
                       return out.nll_sum * 0.37;
                   });
    };
    const auto exact = pass(at::kDouble, Form::reference);
    expect_same(pass(at::kDouble, Form::fused), exact, 1e-9, 1e-12);
    expect_same(pass(at::kFloat, Form::fused), exact, 0, 1e-4);
    const auto narrow = pass(at::kBFloat16, Form::fused);
    expect_same(narrow, pass(at::kBFloat16, Form::reference), 0, 0.02);
    expect_same_bits(narrow, pass(at::kBFloat16, Form::fused));

    const c10::NoGradGuard guard;
    const auto x = randn({3, 16}, 1).to(at::kCUDA), embed = randn({9, 16}, 2).to(at::kCUDA);
    const auto nll =
        kernels::classifier(x, embed, at::tensor({-1, 8, 9}, at::kLong).to(at::kCUDA)).nll;
    EXPECT_TRUE(nll.isfinite().cpu().equal(at::tensor({0, 1, 0}).to(at::kBool)));
}

TEST_F(Device, StatisticsAreCountedThere) {
    const auto a = choices(3000, 12, 1024, 7), b = choices(3000, 12, 1024, 8);
    const auto counts = kernels::count_choices(a.to(at::kCUDA), 1024);
    EXPECT_TRUE(counts.is_cuda());
    EXPECT_TRUE(counts.cpu().equal(kernels::count_choices(a, 1024)));
    EXPECT_NEAR(kernels::mean_jaccard(a.to(at::kCUDA), b.to(at::kCUDA)),
                kernels::mean_jaccard(a, b), 1e-14);
    for (const auto type : {at::kDouble, at::kFloat, at::kBFloat16}) {
        const auto x = randn({1'000'003}, 3, type);
        const double want = x.to(at::kDouble).square().sum().item().toDouble();
        const double got = kernels::sum_squares(x.to(at::kCUDA));
        EXPECT_NEAR(got, want, 1e-12 * want);
        EXPECT_EQ(got, kernels::sum_squares(x.to(at::kCUDA)));
    }
}

}  // namespace
#endif
