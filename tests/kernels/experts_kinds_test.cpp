// If these fail, a kind of expert or a composition computes another function than [def:composition]
// says, keeps tensors of tokens × k × d, or copies its pool. Gradients are held against the
// reference in cases_test.cpp.
#include <set>

#include "kernels/peak_memory.h"
#include "tests/kernels/expert_banks.h"

namespace {

using namespace hopscope::test;
using hopscope::kernels::Form;
using hopscope::kernels::PeakMemory;
namespace kernels = hopscope::kernels;

// One expert for all, k = M, rank above 1, experts without a token, widths that fill no vector
// register; then slots that four groups divide.
const std::vector<ExpertCase> kCases{{5, 2, 6, 1, 7}, {4, 1, 3, 2, 5},  {3, 4, 4, 1, 3},
                                     {6, 3, 5, 3, 4}, {5, 4, 6, 1, 7},  {2, 8, 40, 1, 35},
                                     {4, 4, 5, 3, 4}, {3, 12, 12, 2, 5}};

bool fits(const ExpertCase& c, Composition composition) {
    const bool grouped =
        composition == Composition::grouped_silu || composition == Composition::grouped_gated;
    return !grouped || c.k % kernels::kCompositionGroups == 0;
}

/// Every kind under every composition in every shape that allows it.
template <class F>
void for_each_case(F&& f) {
    for (const auto kind : kKinds)
        for (const auto composition : kCompositions)
            for (const auto& c : kCases)
                if (fits(c, composition)) {
                    SCOPED_TRACE(name_of(kind) + ", composition " +
                                 std::to_string(static_cast<int>(composition)) + ", k " +
                                 std::to_string(c.k) + " of " + std::to_string(c.experts));
                    f(kind, composition, c, choices(c.tokens, c.k, c.experts, 7));
                }
}

TEST(ExpertKinds, BothFormsEqualTheDefinition) {
    for_each_case(
        [](ExpertKind kind, Composition composition, const ExpertCase& c, const at::Tensor& idx) {
            const auto in = expert_inputs(kind, c);
            const auto want = by_loops(kind, idx, in, composition);
            EXPECT_GT(want.abs().max().item().toDouble(), 1e-3);
            for (const auto form : {Form::fused, Form::reference})
                EXPECT_LT(max_abs(compose(kind, idx, in, composition, form), want), 1e-12);
        });
}

TEST(ExpertKinds, NamedFormsAreTheBankForms) {
    const ExpertCase c{4, 3, 6, 2, 5};
    const auto idx = choices(c.tokens, c.k, c.experts, 7);
    const auto fixed = expert_inputs(ExpertKind::fixed, c);
    EXPECT_TRUE(kernels::experts_static(idx, fixed[0], fixed[1])
                    .equal(compose(ExpertKind::fixed, idx, fixed, Composition::sum)));
    const auto mlp = expert_inputs(ExpertKind::mlp, c);
    EXPECT_TRUE(kernels::experts(mlp[1], idx, mlp[0], mlp[2], mlp[3])
                    .equal(compose(ExpertKind::mlp, idx, mlp, Composition::sum)));
}

/// Gradients of the sum of squares, in fp32.
std::vector<at::Tensor> gradients(ExpertKind kind, Composition composition, const ExpertCase& c,
                                  Form form = Form::fused) {
    auto in = expert_inputs(kind, c, at::kFloat);
    for (auto& x : in) x = x.detach().set_requires_grad(true);
    compose(kind, choices(c.tokens, c.k, c.experts, 7), in, composition, form)
        .square()
        .sum()
        .backward();
    std::vector<at::Tensor> grads;
    for (auto& x : in) grads.push_back(x.grad());
    return grads;
}

TEST(ExpertKinds, ExpertsWithoutATokenHaveNoGradient) {
    for (const auto kind : kKinds)
        for (const auto composition : kCompositions) {
            const ExpertCase c{3, 4, 40, 2, 6};
            const auto grads = gradients(kind, composition, c);
            const auto idx = choices(c.tokens, c.k, c.experts, 7).view({-1});
            std::set<int64_t> used;
            for (int64_t i = 0; i < idx.numel(); ++i) used.insert(idx.const_data_ptr<int64_t>()[i]);
            for (size_t i = kind == ExpertKind::fixed ? 1 : 2; i < grads.size(); ++i)
                for (int64_t e = 0; e < c.experts; ++e)
                    EXPECT_EQ(grads[i][e].abs().max().item().toDouble() > 0, used.contains(e))
                        << name_of(kind) << ", input " << i << ", expert " << e;
        }
}

TEST(ExpertKinds, APoolInsideALargerTensorIsReadInPlace) {
    // Unrolled pools hand over narrow(0, …): the same numbers, gradients in the pool's rows alone,
    // and no copy of the pool.
    const ExpertCase c{6, 4, 900, 2, 64};
    const auto idx = choices(c.tokens, c.k, c.experts, 7);
    for (const auto kind : kKinds) {
        const size_t first = kind == ExpertKind::fixed ? 1 : 2;
        auto whole = expert_inputs(kind, {c.tokens, c.k, 2048, c.rank, c.d});
        for (size_t i = first; i < whole.size(); ++i)
            whole[i] = whole[i].detach().set_requires_grad(true);
        const int64_t begin = 1000;  // of 2048 rows
        std::vector<at::Tensor> pool = whole, apart = whole;
        for (size_t i = first; i < whole.size(); ++i) {
            pool[i] = whole[i].narrow(0, begin, c.experts);
            apart[i] = pool[i].detach().clone();
        }
        at::Tensor y;
        int64_t peak = 0;
        {
            const PeakMemory memory;
            y = compose(kind, idx, pool, Composition::sum);
            peak = memory.peak();
        }
        EXPECT_TRUE(y.equal(compose(kind, idx, apart, Composition::sum)));
        EXPECT_LT(peak, pool[first].numel() * 8);
        y.sum().backward();
        for (size_t i = first; i < whole.size(); ++i) {
            EXPECT_GT(whole[i].grad().narrow(0, begin, c.experts).abs().max().item().toDouble(), 0);
            EXPECT_EQ(whole[i].grad().narrow(0, 0, begin).abs().max().item().toDouble(), 0);
        }
    }
}

TEST(ExpertKinds, NothingOfTokensTimesSlotsTimesWidthIsMade) {
    const ExpertCase c{512, 16, 24, 1, 128};
    const int64_t rows = c.tokens * c.d * 4;  // bytes of one [T, d] in fp32
    for (const auto kind : kKinds)
        for (const auto composition : kCompositions) {
            auto in = expert_inputs(kind, c, at::kFloat);
            for (auto& x : in) x = x.detach().set_requires_grad(true);
            const auto idx = choices(c.tokens, c.k, c.experts, 7);
            const PeakMemory memory;
            auto y = compose(kind, idx, in, composition);
            const int64_t kept = memory.held();
            y.sum().backward();
            const bool grouped = composition == Composition::grouped_silu ||
                                 composition == Composition::grouped_gated;
            const double sums = grouped ? 4 : composition == Composition::cross_gated ? 1 : 0;
            // The result, what the composition keeps, and the pre-activations (at most half a row).
            EXPECT_LE(static_cast<double>(kept) / static_cast<double>(rows), 1 + sums + 0.5)
                << name_of(kind) << ", composition " << static_cast<int>(composition);
            EXPECT_LT(memory.peak(), 15 * rows)
                << name_of(kind) << ", composition " << static_cast<int>(composition);
        }
}

TEST(ExpertKinds, ShapesThatDoNotFitAreRefused) {
    const ExpertCase c{4, 3, 6, 1, 5};
    const auto idx = choices(c.tokens, c.k, c.experts, 7);
    const auto in = expert_inputs(ExpertKind::mlp, c);
    EXPECT_THROW(compose(ExpertKind::mlp, idx, in, Composition::grouped_silu), c10::Error);
    EXPECT_THROW(kernels::experts(in[1], idx, in[0], {ExpertKind::swiglu, {}, in[2], in[3], {}}),
                 c10::Error);
    EXPECT_THROW(kernels::experts(in[1].narrow(1, 0, 4), idx, in[0], in[2], in[3]), c10::Error);
}

// bf16 is where numbers are kept: what is made of them on a CPU is fp32, rounded once.
TEST(ExpertKinds, NarrowNumbersAreWorkedOutInFp32) {
    const ExpertCase c{5, 4, 6, 1, 7};
    const auto idx = choices(c.tokens, c.k, c.experts, 3);
    for (const auto kind : kKinds)
        for (const auto composition : kCompositions) {
            const auto narrow = expert_inputs(kind, c, at::kBFloat16);
            auto wide = narrow;
            for (auto& x : wide) x = x.to(at::kFloat);
            const auto y = compose(kind, idx, narrow, composition, Form::fused);
            EXPECT_EQ(y.scalar_type(), at::kBFloat16);
            EXPECT_TRUE(
                y.equal(compose(kind, idx, wide, composition, Form::fused).to(at::kBFloat16)))
                << name_of(kind);
        }
}

}  // namespace
