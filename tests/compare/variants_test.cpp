// Runs beside each other for the window. If these fail, a run that cannot be compared holds up the
// others or passes for one that can, or a difference is another than that of `hopscope compare`.
#include "core/compare/variants.h"

#include <algorithm>
#include <filesystem>

#include "core/compare/compare.h"
#include "core/config/write.h"
#include "core/run/run_folder.h"
#include "core/stats/descriptive.h"
#include "tests/compare/eval_files.h"

namespace hopscope::core {
namespace {

using testing::evaluation;
using testing::TempFolder;

constexpr stats::BootstrapOptions kFew{2000, 42};

/// A run folder of a configuration, with an evaluation at `step` unless it is negative.
std::string make_run(const TempFolder& folder, const std::string& name, const Config& config,
                     double loss, int64_t step = 1000, size_t batches = 50) {
    const std::string dir = folder / name;
    RunInfo info;
    info.config_name = name.substr(0, name.find('-'));
    info.seed = config.train.seed;
    info.corpus_hashes = {{"train", "a1"}, {"valid", "b2"}, {"tokenizer", "c3"}};
    auto run = RunFolder::create(dir, to_toml(config), info);
    EXPECT_TRUE(run) << run.error().message;
    if (step < 0) return dir;
    EvalRecord record = evaluation(info.config_name, config.train.seed, loss, 0.01, batches);
    record.step = step;
    record.origin = {};
    std::filesystem::create_directories(dir + "/eval");
    EXPECT_TRUE(write_eval(run->eval_path(step), record));
    return dir;
}

Config with(uint64_t seed, int64_t top_k) {
    Config config;
    config.train.seed = seed;
    config.moe.top_k = top_k;
    return config;
}

Comparison compared(const std::vector<std::string>& dirs) {
    auto out = compare_variants(dirs, kFew);
    EXPECT_TRUE(out) << out.error().message;
    for (const ComparedRun& run : out->runs)
        EXPECT_TRUE(run.problem.empty() || run.dir.ends_with("nowhere")) << run.problem;
    return *std::move(out);
}

// Wrong if seeds of one configuration stood as variants of their own, or one of two configurations
// of the same name could not be told from the other.
TEST(CompareVariants, SeedsAreGrouped) {
    const TempFolder folder;
    const auto out = compared({make_run(folder, "wide-a", with(1, 4), 3.0),
                               make_run(folder, "wide-b", with(2, 4), 3.1),
                               make_run(folder, "wide-c", with(1, 2), 3.2)});
    ASSERT_EQ(out.variants.size(), 2u);
    EXPECT_EQ(out.variants[0].name, "top_k 4") << "the name is the same in all";
    EXPECT_EQ(out.variants[0].seeds, (std::vector<size_t>{0, 1}));
    EXPECT_NEAR(out.variants[0].loss, 3.05, 1e-9);
    EXPECT_NEAR(out.variants[0].perplexity, (std::exp(3.0) + std::exp(3.1)) / 2, 1e-9);
    EXPECT_EQ(out.variants[1].name, "top_k 2");
    ASSERT_EQ(out.differences.size(), 1u);
    EXPECT_FALSE(out.differences[0].over_seeds) << "one side has a single seed";
    EXPECT_NEAR(out.differences[0].mean, -0.15, 1e-9);
    EXPECT_EQ(out.differences[0].seeds_a, 2);
}

// Wrong if a folder that cannot be read, a run without an evaluation, one of other batches or of
// another step stopped the comparison, or took part in it.
TEST(CompareVariants, WhatCannotBeComparedSaysWhy) {
    const TempFolder folder;
    const auto out = compared({make_run(folder, "wide-a", with(1, 4), 3.0), folder / "nowhere",
                               make_run(folder, "deep-a", with(1, 2), 3.1, -1),
                               make_run(folder, "thin-a", with(1, 1), 3.1, 1000, 20),
                               make_run(folder, "wide-b", with(2, 4), 3.0),
                               make_run(folder, "wide-c", with(3, 4), 4.0, 500),
                               make_run(folder, "wide-d", with(2, 4), 9.0)});
    EXPECT_FALSE(out.runs[1].problem.empty());
    EXPECT_NE(out.runs[2].left_out.find("train.eval_every"), std::string::npos);
    EXPECT_NE(out.runs[3].left_out.find("number of batches"), std::string::npos);
    EXPECT_NE(out.runs[5].left_out.find("step 500"), std::string::npos);
    EXPECT_NE(out.runs[6].left_out.find("same seed"), std::string::npos);
    EXPECT_TRUE(out.runs[0].left_out.empty());
    ASSERT_EQ(out.variants.size(), 3u);
    EXPECT_EQ(out.variants[0].seeds, (std::vector<size_t>{0, 4}));
    EXPECT_NEAR(out.variants[0].loss, 3.0, 1e-9);
    EXPECT_TRUE(out.variants[1].seeds.empty());
    EXPECT_TRUE(out.variants[2].seeds.empty());
    EXPECT_TRUE(out.differences.empty());
}

// Wrong if the open model stood there as a damaged run.
TEST(CompareVariants, AnImportedModelSaysWhatComparesIt) {
    const TempFolder folder;
    RunInfo info;
    info.state = RunState::imported;
    const std::string file = folder.write("model/run.json", run_info_json(info));
    const auto out = compare_variants({std::filesystem::path(file).parent_path().string()}, kFew);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_NE(out->runs[0].problem.find("imported model"), std::string::npos)
        << out->runs[0].problem;
}

// Wrong if the window said another difference, interval or p than the command does.
TEST(CompareVariants, NumbersAreThoseOfTheCommand) {
    std::vector<CompareInput> inputs;
    stats::SeedLosses a, b;
    for (const uint64_t seed : {1, 2, 3})
        for (const char* variant : {"wide", "deep"}) {
            const bool wide = variant[0] == 'w';
            CompareInput input;
            input.record =
                evaluation(variant, seed, (wide ? 3.0 : 3.02) + 0.003 * static_cast<double>(seed));
            input.label = input.record.run;
            (wide ? a : b).push_back(input.record.batches);
            inputs.push_back(std::move(input));
        }
    CompareOptions options;
    options.resamples = kFew.resamples;
    options.blocks = {};
    const auto command = compare(inputs, options);
    ASSERT_TRUE(command);
    ASSERT_EQ(command->seed_tost.size(), 1u);
    const auto over_seeds = variant_difference(a, b, kFew);
    const stats::Equivalence& expected = command->seed_tost[0].hierarchical;
    EXPECT_TRUE(over_seeds.over_seeds);
    EXPECT_EQ(over_seeds.low90, expected.ci90.low);
    EXPECT_EQ(over_seeds.high95, expected.ci95.high);
    EXPECT_EQ(over_seeds.tost_p(kLossMargin), expected.p);
    const auto single = variant_difference({a[0]}, {b[0]}, kFew);
    EXPECT_FALSE(single.over_seeds);
    EXPECT_EQ(single.low95, command->pairs[0].tost.ci95.low);
    EXPECT_EQ(single.p_difference, command->pairs[0].tost.p_difference);
    EXPECT_EQ(single.tost_p(kLossMargin), command->pairs[0].tost.p);
}

TEST(CompareVariants, CancelledIsSaid) {
    Progress progress;
    progress.cancelled = [] { return true; };
    const auto out = compare_variants({"a", "b"}, kFew, progress);
    ASSERT_FALSE(out);
    EXPECT_NE(out.error().message.find("stopped on request"), std::string::npos)
        << out.error().message;
}

}  // namespace
}  // namespace hopscope::core
