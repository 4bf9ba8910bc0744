// Every operator on its list of cases (kernels/cases). If these fail, an operator is not the
// function that its reference says, learns from the gradient of another one, gives other bits when
// it is asked again, or touches memory that is not its own.
#include <ATen/Parallel.h>
#include <set>

#include "kernels/cases/evaluate.h"
#include "kernels/cases/list.h"
#include "tests/kernels/guarded_memory.h"
#include "tests/kernels/helpers.h"
#include "tests/kernels/walk.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;
using kernels::Form;
using kernels::Operator;
namespace cases = kernels::cases;

class Operators : public ::testing::TestWithParam<Operator> {
  protected:
    const cases::OperatorCases& all() const { return cases::cases_of(GetParam()); }

    template <class F>
    void for_each(cases::Uses uses, const F& f) const {
        for_each_case(all(), uses, c10::DeviceType::CPU, f);
    }
};

INSTANTIATE_TEST_SUITE_P(All, Operators, ::testing::ValuesIn(kOperators), name_of);

TEST_P(Operators, ValuesAndGradientsEqualTheReference) {
    for_each(cases::kValues,
             [](const cases::Case& c, at::ScalarType type, const cases::Problem& p) {
                 const auto exact = cases::exact(p);
                 EXPECT_EQ(difference(cases::found(p, Form::fused), exact, c.within, type), "");
             });
}

/// What a gradient is, without believing any form of it.
TEST_P(Operators, GradientsAreThoseOfFiniteDifferences) {
    for_each(cases::kDifferences,
             [](const cases::Case& c, at::ScalarType type, const cases::Problem& p) {
                 if (type != at::kDouble) return;
                 std::vector<at::Tensor> leaves, given;
                 std::vector<size_t> places;
                 for (const auto& one : p.given) {
                     given.push_back(one.value);
                     if (!one.learns) continue;
                     places.push_back(given.size() - 1);
                     leaves.push_back(one.value.contiguous());
                 }
                 for (const auto form : {Form::fused, Form::reference})
                     expect_gradient(
                         c.name, leaves,
                         [&](const std::vector<at::Tensor>& x) {
                             auto all = given;
                             for (size_t i = 0; i < x.size(); ++i) all[places[i]] = x[i];
                             const auto outputs = p.call(all, form);
                             at::Tensor sum = at::zeros({}, at::kDouble);
                             for (size_t i = 0; i < p.pulls.size(); ++i)
                                 sum = sum + (outputs[i].second * p.pulls[i]).sum();
                             return sum;
                         },
                         1e-5);
             });
}

/// What is asked of another form is asked of the same types.
TEST_P(Operators, BothFormsGiveTheSameTypes) {
    for_each(cases::kValues, [&](const cases::Case&, at::ScalarType type, const cases::Problem& p) {
        const auto fused = cases::found(p, Form::fused),
                   reference = cases::found(p, Form::reference);
        for (const auto& list : {fused.outputs, fused.gradients})
            for (const auto& [name, x] : list)
                if (x.defined()) {
                    EXPECT_EQ(x.scalar_type(), reference[name].scalar_type()) << name;
                }
        // What a kernel works out has its own node; these are LibTorch's operators, or become so
        // where bf16 is widened.
        const bool of_libtorch = GetParam() == Operator::choose || GetParam() == Operator::linear ||
                                 (GetParam() == Operator::attention && type == at::kBFloat16);
        if (!p.pulls.empty() && !of_libtorch) {
            EXPECT_NE(fused.node, reference.node) << "the reference worked it out";
        }
    });
}

TEST_P(Operators, BitsAreTheSameAgainAndForAnyThreads) {
    const int before = at::get_num_threads();
    for_each(cases::kValues, [&](const cases::Case&, at::ScalarType type, const cases::Problem& p) {
        const auto with = [&](int threads) {
            at::set_num_threads(threads);
            return cases::found(p, Form::fused);
        };
        const auto two = with(2);
        EXPECT_EQ(difference_in_bits(two, with(2), [](std::string_view) { return true; }), "")
            << "differs when it is asked again";
        for (const int threads : {1, 3})
            EXPECT_EQ(
                difference_in_bits(two, with(threads),
                                   [&](std::string_view what) { return all().steady(type, what); }),
                "")
                << threads << " threads";
    });
    at::set_num_threads(before);
}

TEST_P(Operators, NothingBesideTheirTensorsIsTouched) {
    for_each(
        cases::kValues, [](const cases::Case& c, at::ScalarType type, const cases::Problem& p) {
            const auto exact = cases::exact(p);
            cases::Found got;
            {
                const GuardedMemory memory;
                got = cases::found(p, Form::fused);
                EXPECT_EQ(memory.fault(), "");
            }
            EXPECT_EQ(difference(got, exact, c.within, type), "") << "something unwritten was read";
        });
}

/// A list that names less than it should would let all other tests pass.
TEST(CaseList, NamesEveryOperatorForEveryUse) {
    ASSERT_EQ(cases::all_cases().size(), kOperators.size());
    for (const auto of : kOperators) {
        const auto& all = cases::cases_of(of);
        EXPECT_EQ(all.of, of) << kernels::word(of);
        std::set<std::string> names;
        cases::Uses uses = 0;
        for (const auto& one : all.cases) {
            EXPECT_TRUE(names.insert(one.name).second) << kernels::word(of) << ": " << one.name;
            uses |= one.uses;
        }
        // LibTorch multiplies the matrices of these two on a GPU, too.
        const bool has_kernel = of != Operator::route && of != Operator::linear;
        EXPECT_EQ((uses & cases::kSimt) != 0, has_kernel) << kernels::word(of);
        EXPECT_TRUE(uses & cases::kValues) << kernels::word(of);
        EXPECT_TRUE(names.contains("tiny") && names.contains("paper")) << kernels::word(of);
        const auto learns = all.cases.front().make(kCaseSeed, at::kDouble).pulls.size() > 0;
        EXPECT_EQ((uses & cases::kDifferences) != 0, learns) << kernels::word(of);
    }
}

/// The guards themselves: one that missed a fault would let the test above pass.
TEST(GuardedMemory, FindsWhatIsWrittenBesideATensor) {
    for (const int64_t place : {-1, 5}) {
        const GuardedMemory memory;
        const auto x = at::zeros({5}, at::kFloat);
        EXPECT_EQ(memory.fault(), "");
        auto* wrong = x.mutable_data_ptr<float>() + place;
        const float kept = *wrong;
        *wrong = 1;
        EXPECT_EQ(memory.fault(), std::string("written ") + (place < 0 ? "before" : "behind") +
                                      " a tensor of 20 bytes");
        *wrong = kept;
    }
    const GuardedMemory memory;
    EXPECT_TRUE(at::empty({9}, at::kFloat).isnan().all().item<bool>());
    at::empty({3}, at::kFloat).mutable_data_ptr<float>()[3] = 0;
    EXPECT_EQ(memory.fault(), "written behind a tensor of 12 bytes");
}

}  // namespace
