// If these fail, a script acts on other tokens of a text that grows token by token than on those of
// the text as a whole.
#include "core/probe/planned_pass.h"

#include <c10/core/GradMode.h>

#include "tests/model/tiny.h"

namespace {

using namespace hopscope;
using namespace hopscope::test;

class TokenByToken : public ::testing::TestWithParam<const char*> {};

TEST_P(TokenByToken, ScriptsActWhereTheyActOnTheWhole) {
    const c10::AutoGradMode no_grad(false);
    const auto c = tiny();
    const Model model{c, in_fp64(c)};
    const auto command = parse_command(GetParam());
    ASSERT_TRUE(command.ok()) << command.error().message;
    const auto plan = make_plan(model, {*command}, 7);
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    const auto edited = edited_model(model, *plan);
    const auto ids = some_ids(c, 1, 9);
    GrowingText text{Past(9), HopBanks(edited, 9)};
    int64_t changed = 0;
    for (const int64_t tokens : {3, 4, 5, 6, 7, 8, 9}) {
        const auto fresh =
            ids.narrow(1, text.past.length(), tokens - text.past.length()).contiguous();
        const auto all = ids.narrow(1, 0, tokens).contiguous();
        const auto whole = next_log_p(edited, *plan, all);
        EXPECT_LT(max_abs(next_log_p(edited, *plan, fresh, &text), whole), 1e-6) << tokens;
        if (max_abs(next_log_p(model, {}, all), whole) > 1e-3) ++changed;
    }
    EXPECT_GT(changed, 0) << "the script did nothing that could be missed";
}

INSTANTIATE_TEST_SUITE_P(
    Scripts, TokenByToken,
    ::testing::Values(
        R"({"command": "steer", "layer": 0, "expert": 1, "lambda": 3, "tokens": [4, 5]})",
        R"({"command": "suppress", "layer": 1, "expert": [1, 2], "tokens": [2, 4], "hops": [1]})",
        R"({"command": "boost", "layer": 0, "expert": 2, "strength": 5, "tokens": [5, 8]})",
        R"({"command": "force", "layer": 0, "expert": 4, "tokens": [5, 7]})",
        R"({"command": "knock_out", "layer": 0, "expert": "top", "tokens": [2, 6]})",
        R"({"command": "surgery", "layer": 0, "expert": [0,1,2,3,4,5], "with": "negate",
            "tokens": [3, 4]})",
        R"({"command": "move_centroid", "layer": 0, "expert": 1, "to": [1, 0, 0, 0]})",
        R"({"command": "freeze", "what": "routing", "tokens": [4, 6]})",
        R"({"command": "freeze", "what": "choices"})",
        R"({"command": "zero_experts", "layers": [0], "tokens": [2, 3]})",
        R"({"command": "halt", "max_hops": 1, "tokens": [4, 6]})",
        R"({"command": "halt", "epsilon": 0.8})"));

}  // namespace
