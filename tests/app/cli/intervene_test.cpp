// hopscope intervene: what the call hands to the laboratory and what a person reads.
#include <gtest/gtest.h>

#include "tests/app/cli/calls.h"

namespace hopscope::app::testing {
namespace {

class Intervene : public Calls {
  protected:
    void SetUp() override {
        Calls::SetUp();
        script_ = dir.write("script.jsonl",
                            R"({"command": "steer", "layer": 1, "expert": [2, 5], "lambda": 1})");
    }
    std::string script_;
};

// Fails if a control, a dose or a prompt file of the call is lost.
TEST_F(Intervene, HandsEverythingOver) {
    const auto got = world.run({"intervene", "R", "--script", script_, "--prompts", "p.jsonl",
                                "--controls", "7", "--seed", "9", "--doses", "0.5,2", "--json"});
    ASSERT_EQ(got.code, 0) << got.err;
    const auto& o = *fake_lab().intervene;
    EXPECT_EQ(o.run, "R");
    ASSERT_EQ(o.script.size(), 1u);
    EXPECT_EQ(o.script[0].integers("expert"), (std::vector<int64_t>{2, 5}));
    EXPECT_EQ(o.prompts, "p.jsonl");
    EXPECT_EQ(o.controls, 7);
    EXPECT_EQ(o.seed, 9u);
    EXPECT_EQ(o.doses, (std::vector<double>{0.5, 2}));
    EXPECT_FALSE(o.category_dirs.empty()) << "the program's own word lists";
}

// Fails if a person does not see the effect beside its control.
TEST_F(Intervene, ShowsTheEffectBesideItsControl) {
    const std::string spread =
        R"({"n": 4, "mean": 0.2, "median": 0.25, "q25": 0.1, "q75": 0.5, "share_positive": 0.75})";
    fake_lab().answer = R"({"summary": {"kl": )" + spread + R"(, "control_kl": )" + spread +
                        R"(, "share_kl_above_control_95": 0.5, "delta_p_target": )" + spread +
                        R"(, "token_changed_share": 0.25, "relative_p_category": {"temporal": )" +
                        spread + "}}}";
    const auto got = world.run({"intervene", "R", "--script", script_});
    ASSERT_EQ(got.code, 0) << got.err;
    for (const char* part :
         {"KL of the control", "0.25", "n = 4", "P(temporal)", "0.5 of the prompts"})
        EXPECT_NE(got.out.find(part), std::string::npos) << part << "\n" << got.out;
}

TEST_F(Intervene, RefusesWhatItCannotRead) {
    EXPECT_EQ(world.run({"intervene", "R"}).code, 2) << "a script is required";
    EXPECT_EQ(world.run({"intervene", "R", "--script", "/dev/null/script.jsonl"}).code, 2);
    const auto got =
        world.run({"intervene", "R", "--script", script_, "--categories", "/dev/null/lists"});
    EXPECT_EQ(got.code, 2);
    EXPECT_NE(got.err.find("/dev/null/lists"), std::string::npos);
}

}  // namespace
}  // namespace hopscope::app::testing
