// If these fail, an operator runs its slow reference on a device without a word, or the table that
// the operators ask has no row for one of them.
#include "kernels/support.h"

#include <fstream>
#include <regex>
#include <set>
#include <torch/csrc/autograd/function.h>

#include "tests/kernels/helpers.h"
#include "tests/kernels/walk.h"

namespace {

using namespace hopscope;
using kernels::Operator;

using test::kOperators;

TEST(Support, EveryOperatorHasAFusedFormOnEachDevice) {
    for (const auto of : kOperators)
        for (const auto device : {c10::DeviceType::CPU, c10::DeviceType::CUDA}) {
            int rows = 0;
            for (const auto& form : kernels::fused_forms()) {
                if (form.of != of || form.device != device) continue;
                ++rows;
                EXPECT_FALSE(form.types.empty()) << kernels::word(of);
                EXPECT_FALSE(form.runs.empty()) << kernels::word(of);
                EXPECT_EQ(form.runs.find("reference"), std::string::npos) << form.runs;
            }
            EXPECT_EQ(rows, 1) << kernels::word(of) << " on " << device;
        }
    EXPECT_EQ(kernels::fused_forms().size(), 2 * kOperators.size());
}

/// What a GPU computes in: training in bf16 with experts and routing in their types, measurements
/// in fp32, tests in fp64.
TEST(Support, OnAGpuNoTypeFallsBack) {
    for (const auto& form : kernels::fused_forms()) {
        if (form.device != c10::DeviceType::CUDA) continue;
        const std::set<at::ScalarType> types(form.types.begin(), form.types.end());
        if (types.contains(at::kLong)) continue;
        EXPECT_TRUE(types.contains(at::kFloat)) << form.runs;
        EXPECT_TRUE(types.contains(at::kDouble) || form.of == Operator::adamw) << form.runs;
        const bool in_fp32_by_contract =
            form.of == Operator::route || form.of == Operator::choose || form.of == Operator::adamw;
        EXPECT_TRUE(types.contains(at::kBFloat16) || in_fp32_by_contract) << form.runs;
    }
}

// The table is complete: whatever kernels/ops.h declares stands in it, and nothing else.
TEST(Support, NamesTheOperatorsThatThereAre) {
    std::ifstream file(HOPSCOPE_SOURCE_DIR "/kernels/ops.h");
    ASSERT_TRUE(file.is_open());
    // A question about the machine is no operator.
    const std::regex declaration(R"(^(?!bool )[\w:<>]+ (\w+)\()");
    // Made of others: weights of choices that are there, two names of experts.
    const std::set<std::string> parts{"weights_of", "experts_static", "compose"};
    std::set<std::string> declared, named;
    for (std::string line; std::getline(file, line);) {
        std::smatch found;
        if (std::regex_search(line, found, declaration) && !parts.contains(found[1]))
            declared.insert(found[1]);
    }
    for (const auto of : kOperators) named.insert(kernels::word(of));
    EXPECT_EQ(declared, named);
}

// The operators ask the table: a type that it does not name has no kernel's node behind it.
TEST(Support, WhatTheTableDoesNotNameIsTheReference) {
    const auto rows = [](at::ScalarType type) {
        return kernels::rotate(test::randn({1, 2, 1, 4}, 1, type).set_requires_grad(true),
                               test::randn({2, 2}, 2, at::kFloat),
                               test::randn({2, 2}, 3, at::kFloat))
            .grad_fn()
            ->name();
    };
    EXPECT_TRUE(kernels::has_fused(Operator::rotate, at::empty({0}, at::kFloat)));
    EXPECT_FALSE(kernels::has_fused(Operator::rotate, at::empty({0}, at::kHalf)));
    EXPECT_NE(rows(at::kFloat), rows(at::kHalf));
    EXPECT_THROW(kernels::count_choices(at::zeros({2, 2}, at::kInt), 3), c10::Error);
}

}  // namespace
