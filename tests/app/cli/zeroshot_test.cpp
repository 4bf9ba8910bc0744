// hopscope zeroshot and hopscope generate: what the calls hand over and what a person reads.
#include <gtest/gtest.h>

#include "tests/app/cli/calls.h"

namespace hopscope::app::testing {
namespace {

class ModelCalls : public Calls {
  protected:
    void SetUp() override {
        Calls::SetUp();
        script_ = dir.write("script.jsonl", R"({"command": "zero_experts"})");
    }
    std::string script_;
};

constexpr const char* kZeroshot =
    R"({"task": "arc_easy", "items": 4, "chance": 0.25, "accuracy": 0.5, "stderr": 0.25,
        "ci95": [0.07, 0.93], "accuracy_norm": 0.75, "stderr_norm": 0.22, "ci95_norm": [0.19, 0.99],
        "cut_items": 1, "cut_choices": 2, "tokens": 300, "seconds": 0.5, "saved": "R/analysis/z"})";

// Fails if an option of the call is lost.
TEST_F(ModelCalls, ZeroshotHandsEverythingOver) {
    fake_lab().answer = kZeroshot;
    const auto got =
        world.run({"zeroshot", "R", "--task", "arc_easy", "--file", "a.jsonl.xz", "--items", "40",
                   "--script", script_, "--precision", "bf16", "--json"});
    ASSERT_EQ(got.code, 0) << got.err;
    EXPECT_EQ(got.out, std::string(kZeroshot) + "\n");
    const auto& o = *fake_lab().zeroshot;
    EXPECT_EQ(o.run, "R");
    EXPECT_EQ(o.task, core::ZeroshotTask::arc_easy);
    EXPECT_EQ(o.file, "a.jsonl.xz");
    EXPECT_EQ(o.items, 40);
    EXPECT_EQ(o.precision, core::Precision::bf16);
    ASSERT_EQ(o.script.size(), 1u);
    EXPECT_NE(got.err.find("50 %"), std::string::npos) << "progress on stderr: " << got.err;
    EXPECT_TRUE(world.signals_caught);
    ASSERT_EQ(world.run({"zeroshot", "R", "--task", "arc_easy", "--file", "f", "--json"}).code, 0);
    EXPECT_EQ(fake_lab().zeroshot->items, 0) << "all";
}

// Fails if a person does not see accuracy, its error, chance and what was cut.
TEST_F(ModelCalls, ZeroshotTellsPeople) {
    fake_lab().answer = kZeroshot;
    const auto got = world.run({"zeroshot", "R", "--task", "arc_easy", "--file", "f"});
    for (const char* word :
         {"4 items", "0.25", "summed             0.5 right", "length-normalised  0.75",
          "[0.07, 0.93]", "1 items are longer", "of 2 choices", "R/analysis/z"})
        EXPECT_NE(got.out.find(word), std::string::npos) << word << "\n" << got.out;
}

TEST_F(ModelCalls, ZeroshotSlips) {
    refused({"zeroshot", "R", "--file", "f"}, {"--task"});
    refused({"zeroshot", "R", "--task", "arc_easy"}, {"--file"});
    refused({"zeroshot", "R", "--task", "arc", "--file", "f"}, {"arc", "hellaswag", "winogrande"});
    refused({"zeroshot", "R", "--task", "arc_easy", "--file", "f", "--items", "0"},
            {"--items", "1 … "});
    EXPECT_FALSE(fake_lab().zeroshot);
    EXPECT_NE(world.run({"zeroshot", "--help"}).out.find("chance: what a guess gets"),
              std::string::npos);
}

constexpr const char* kGenerate =
    R"({"text": "once upon", "tokens": [{}, {}], "tokens_per_s": 50.0, "seed": 7,
        "stopped": "tokens"})";

// Fails if an option of the call is lost, or text mixes with the document.
TEST_F(ModelCalls, GenerateHandsEverythingOver) {
    fake_lab().answer = kGenerate;
    const auto got = world.run({"generate", "R", "--text", "once", "--tokens", "5", "--temperature",
                                "0.5", "--top-p", "0.9", "--seed", "7", "--script", script_,
                                "--precision", "bf16", "--json"});
    ASSERT_EQ(got.code, 0) << got.err;
    EXPECT_EQ(got.out, std::string(kGenerate) + "\n");
    EXPECT_EQ(got.err, "");
    const auto& o = *fake_lab().generate;
    EXPECT_EQ(o.run, "R");
    EXPECT_EQ(o.text, "once");
    EXPECT_EQ(o.tokens, 5);
    EXPECT_EQ(o.temperature, 0.5);
    EXPECT_EQ(o.top_p, 0.9);
    EXPECT_EQ(o.seed, 7u);
    EXPECT_EQ(o.precision, core::Precision::bf16);
    EXPECT_EQ(o.script.size(), 1u);
}

// Fails if the text does not appear as it comes, where a person or a pipe expects it.
TEST_F(ModelCalls, GenerateStreamsText) {
    fake_lab().answer = kGenerate;
    const auto seen = world.run({"generate", "R", "--text", "once"});
    EXPECT_EQ(seen.code, 0);
    EXPECT_EQ(seen.out, "once upon\n");
    EXPECT_NE(seen.err.find("2 tokens, 50 tokens/s, seed 7; stopped by: tokens"), std::string::npos)
        << seen.err;
    const std::string path = dir / "generated.json";
    const auto kept = world.run({"generate", "R", "--text", "once", "--out", path});
    EXPECT_EQ(kept.out, "");
    EXPECT_EQ(kept.err, "once upon\n");
    fake_lab().error = core::Error{core::ErrorKind::interrupted, "stopped after 2 tokens"};
    const auto cut = world.run({"generate", "R", "--text", "once"});
    EXPECT_EQ(cut.code, 130);
    EXPECT_EQ(cut.out, "once upon\n") << "the line is ended before the message";
    EXPECT_NE(cut.err.find("stopped after 2 tokens"), std::string::npos);
}

TEST_F(ModelCalls, GenerateSlips) {
    refused({"generate", "R"}, {"--text"});
    refused({"generate", "R", "--text", "a", "--tokens", "0"}, {"--tokens", "1 … "});
    refused({"generate", "R", "--text", "a", "--temperature", "-1"}, {"--temperature", "found -1"});
    refused({"generate", "R", "--text", "a", "--top-p", "0"}, {"--top-p", "found 0"});
    refused({"generate", "R", "--text", "a", "--top-p", "1.1"}, {"--top-p", "found 1.1"});
    EXPECT_FALSE(fake_lab().generate);
}

}  // namespace
}  // namespace hopscope::app::testing
