// One tiny trained run for all tests of a suite, and what its documents say. One thread.
#pragma once

#include <nlohmann/json.hpp>

#include "tests/train/run_helpers.h"

namespace hopscope::test {

class TrainedRun : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        runs_ = new TempRuns;
        train("run", 42);
    }
    static void TearDownTestSuite() {
        delete runs_;
        runs_ = nullptr;
    }
    static void train(const std::string& name, uint64_t seed) {
        core::lab::TrainOptions options;
        options.config_path = write_config(*runs_ / "c.toml", write_corpus(*runs_ / "corpus.txt"));
        options.overrides = {"train.threads=1", "train.steps=30", "train.eval_every=30",
                             "train.checkpoint_every=30", "train.seed=" + std::to_string(seed)};
        options.out = *runs_ / name;
        const auto done = core::lab::train(options);
        ASSERT_TRUE(done.ok()) << done.error().message;
    }
    static std::string write(const std::string& name, const std::string& text) {
        std::ofstream(*runs_ / name, std::ios::binary) << text;
        return *runs_ / name;
    }
    static std::vector<core::Command> script(const std::string& line) {
        return {*core::parse_command(line)};
    }
    /// The document; a failed call fails the test and gives null.
    static nlohmann::json document(const core::Result<std::string>& got) {
        EXPECT_TRUE(got.ok()) << got.error().message;
        return got ? nlohmann::json::parse(*got) : nlohmann::json();
    }
    /// Usage error whose sentence holds `word`.
    static void refused(const core::Result<std::string>& got, const std::string& word) {
        ASSERT_FALSE(got.ok()) << word;
        EXPECT_EQ(got.error().kind, core::ErrorKind::usage);
        EXPECT_NE(got.error().message.find(word), std::string::npos) << got.error().message;
    }
    static inline TempRuns* runs_ = nullptr;
};

}  // namespace hopscope::test
