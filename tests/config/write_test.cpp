// Canonical TOML, hash and comparison.
#include "core/config/write.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <random>

#include "core/api/config_keys.h"
#include "core/api/config_values.h"
#include "core/config/check.h"
#include "core/config/parse.h"

namespace hopscope::core {
namespace {

std::vector<std::string> presets() {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(HOPSCOPE_CONFIGS))
        if (entry.path().extension() == ".toml" &&
            entry.path().parent_path().filename() != "batches")  // lists of runs, not presets
            out.push_back(entry.path().string());
    return out;
}

// Fails if a shipped preset does not load, or if config.toml of its run would not read back as the
// same configuration.
TEST(ToToml, EveryPresetReadsBackExactly) {
    const auto files = presets();
    ASSERT_GE(files.size(), 45u);
    for (const std::string& file : files) {
        const auto config = load_config(file);
        ASSERT_TRUE(config.ok()) << config.error().message;
        const auto again = parse_config(to_toml(*config), "again.toml");
        ASSERT_TRUE(again.ok()) << again.error().message;
        EXPECT_EQ(*again, *config) << file;
        EXPECT_EQ(to_toml(*again), to_toml(*config)) << file;
    }
}

// Fails if a floating-point value loses a bit on its way through the run folder.
TEST(ToToml, AnyDoubleReadsBackExactly) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 2000; ++i) {
        Config config;
        config.train.lr =
            std::ldexp(static_cast<double>(random()), -64 - static_cast<int>(random() % 60));
        config.train.clip =
            std::ldexp(static_cast<double>(random() | 1), static_cast<int>(random() % 135) - 100);
        const auto again = parse_config(to_toml(config), "again.toml");
        ASSERT_TRUE(again.ok()) << again.error().message;
        ASSERT_EQ(again->train.lr, config.train.lr);
        ASSERT_EQ(again->train.clip, config.train.clip);
    }
}

// Fails if a text with quotes, escapes, control bytes or other scripts breaks the file.
TEST(ToToml, AnyTextReadsBackExactly) {
    Config config;
    config.data.separator = "a\"b\\c\td\ne\x01\x7f ü 漢 #";
    const auto again = parse_config(to_toml(config), "again.toml");
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(*again, config);
    EXPECT_NE(to_toml(config).find("ü 漢 #"), std::string::npos)
        << "escaped is what cannot be read, and nothing else";
}

// Fails if a number is written in a form people would not write.
TEST(ToToml, NumbersAreShort) {
    EXPECT_EQ(format_number(30), "30.0");
    EXPECT_EQ(format_number(1e-8), "1e-8");
    EXPECT_EQ(format_number(3e-4), "3e-4");
    EXPECT_EQ(format_number(0.1), "0.1");
    const std::string text = to_toml(Config{});
    for (const char* line :
         {"[model]\n", "\n[moe]\n", "lr = 3e-4", "hops = 1  #", "renormalise = \"auto\"\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line;
}

// Fails if a struct member was forgotten in the table of keys (it would be lost on resume).
TEST(Keys, TableCoversEveryMember) {
    const size_t listed = config_keys().size();
    EXPECT_EQ(listed, 12u + 26u + 25u + 6u + 6u);
    for (const Key& key : config_keys()) {
        EXPECT_EQ(find_key(key.name), &key) << key.name << " stands twice";
        EXPECT_FALSE(value_problem(key, Config{})) << key.name << ": its default is not allowed";
    }
}

// Fails if two configurations share a hash, or one has two.
TEST(ConfigHash, TellsConfigurationsApart) {
    Config a, b;
    EXPECT_EQ(config_hash(a), config_hash(b));
    EXPECT_EQ(config_hash(a).size(), 16u);
    EXPECT_EQ(config_hash(a).find_first_not_of("0123456789abcdef"), std::string::npos);
    b.train.seed = 43;
    EXPECT_NE(config_hash(a), config_hash(b));
}

// Fails if a difference is missed, or one that resume may make is held against it.
TEST(DifferingKeys, NamesKeyAndBothValues) {
    Config a, b;
    EXPECT_TRUE(differing_keys(a, b, false).empty());
    b.model.d_model = 128;
    b.moe.hops = {1, 2, 3, 1};
    b.train.steps = 9;
    b.train.threads = 2;
    b.train.device = DeviceKind::cpu;
    b.train.eval_every = 3;
    b.train.eval_batches = 4;
    b.train.checkpoint_every = 5;
    b.train.keep_checkpoints = 6;
    EXPECT_EQ(differing_keys(a, b, false).size(), 9u);
    EXPECT_EQ(differing_keys(a, b, true),
              (std::vector<std::string>{"model.d_model: 256 → 128", "moe.hops: 1 → [1, 2, 3, 1]"}));
}

// Fails if a configuration made in code escapes the checks of a file.
TEST(CheckConfig, ChecksValuesAndCombinations) {
    Config config;
    EXPECT_TRUE(check_config(config, "settings").ok());
    config.moe.top_k = 300;
    const auto combination = check_config(config, "settings");
    ASSERT_FALSE(combination.ok());
    EXPECT_EQ(
        combination.error().message.rfind("settings: moe.top_k: found 300, allowed 1 … 256", 0), 0u)
        << combination.error().message;
    config = Config{};
    config.moe.hops = {};
    EXPECT_FALSE(check_config(config, "settings").ok());
    config = Config{};
    config.model.dropout_places = {DropoutPlace::residual, DropoutPlace::residual};
    EXPECT_FALSE(check_config(config, "settings").ok());
    config = Config{};
    config.train.seed = uint64_t{1} << 63;
    EXPECT_FALSE(check_config(config, "settings").ok());
}

}  // namespace
}  // namespace hopscope::core
