// Tiny trained runs for all tests of a suite, and what their documents say. One thread.
#pragma once

#include <nlohmann/json.hpp>

#include "tests/trainer/run_helpers.h"

namespace hopscope::test {

/// A folder with a corpus and a configuration for all tests of a suite, which trains what it needs
/// in a SetUpTestSuite of its own, after this one.
class SharedRuns : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        runs_ = new TempFolder;
        write_config(*runs_ / "c.toml", write_corpus(*runs_ / "corpus.txt"));
    }
    static void TearDownTestSuite() {
        delete runs_;
        runs_ = nullptr;
    }
    static void train_run(const std::string& name, std::vector<std::string> overrides,
                          const std::vector<std::string>& more = {}) {
        core::lab::TrainOptions options;
        options.config_path = *runs_ / "c.toml";
        options.overrides = std::move(overrides);
        options.overrides.insert(options.overrides.end(), more.begin(), more.end());
        options.out = *runs_ / name;
        const auto done = core::lab::train(options);
        ASSERT_TRUE(done.ok()) << done.error().message;
    }
    static inline TempFolder* runs_ = nullptr;
};

class TrainedRun : public SharedRuns {
  protected:
    static void SetUpTestSuite() {
        SharedRuns::SetUpTestSuite();
        train("run", 42);
    }
    static void train(const std::string& name, uint64_t seed) {
        train_run(name, {"train.threads=1", "train.steps=30", "train.eval_every=30",
                         "train.checkpoint_every=30", "train.seed=" + std::to_string(seed)});
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
};

}  // namespace hopscope::test
