// Reading configurations: what is accepted, and that each complaint names place, key, finding and
// what is allowed.
#include "core/config/parse.h"

#include <fstream>
#include <gtest/gtest.h>

#include "tests/base/child_process.h"
#include "tests/temp_folder.h"

namespace hopscope::core {
namespace {

struct BadCase {
    const char* what;
    const char* toml;
    std::vector<std::string> overrides;
    std::vector<std::string> parts;  ///< all must stand in the message
};

void PrintTo(const BadCase& c, std::ostream* out) {
    *out << c.what;
}

class BadConfig : public testing::TestWithParam<BadCase> {};

// Fails if a wrong configuration is accepted, or if the message leaves the user searching for line,
// key or remedy.
TEST_P(BadConfig, IsRefusedWithPlaceKeyAndRemedy) {
    const BadCase& c = GetParam();
    const auto config = parse_config(c.toml, "x.toml", c.overrides);
    ASSERT_FALSE(config.ok());
    EXPECT_EQ(config.error().kind, ErrorKind::usage);
    for (const std::string& part : c.parts)
        EXPECT_NE(config.error().message.find(part), std::string::npos)
            << "missing: " << part << "\nmessage: " << config.error().message;
}

const BadCase kBad[] = {
    {"syntax", "[model]\nd_model = = 3\n", {}, {"x.toml:2", "not TOML"}},
    {"twice", "[model]\nd_model = 64\nd_model = 64\n", {}, {"x.toml:3"}},
    {"not_utf8", "[data]\ntrain = \"\xff\"\n", {}, {"x.toml:2"}},
    {"unknown_key",
     "[model]\n\nd_modle = 64\n",
     {},
     {"x.toml:3", "model.d_modle", "model.d_model"}},
    {"swapped_table",
     "[model]\ntop_k = 4\n",
     {},
     {"x.toml:2", "model.top_k", "did you mean moe.top_k"}},
    {"no_table", "topk = 4\n", {}, {"x.toml:1", "topk", "did you mean moe.top_k"}},
    {"unknown_table", "[modle]\nd_model = 64\n", {}, {"x.toml:1", "[modle]", "[model]"}},
    {"table_as_value", "model = 3\n", {}, {"x.toml:1", "model", "found 3", "[model]"}},
    {"array_of_tables", "[[model]]\nd_model = 64\n", {}, {"x.toml:1", "found an array", "[model]"}},
    {"text_for_integer",
     "[moe]\ntop_k = \"4\"\n",
     {},
     {"x.toml:2: moe.top_k", "found \"4\"", "integer"}},
    {"float_for_integer",
     "[moe]\ntop_k = 4.0\n",
     {},
     {"x.toml:2: moe.top_k", "found 4.0", "integer"}},
    {"integer_for_flag",
     "[moe]\nlearn_tau = 1\n",
     {},
     {"moe.learn_tau", "found 1", "true | false"}},
    {"integer_for_text",
     "[moe]\nrouter = 1\n",
     {},
     {"moe.router", "found 1", "\"cosine\" | \"linear\""}},
    {"text_for_number", "[train]\nlr = \"fast\"\n", {}, {"train.lr", "found \"fast\"", "a number"}},
    {"date", "[train]\nlr = 2020-01-01\n", {}, {"train.lr", "found a date"}},
    {"table_for_number", "[train.lr]\nx = 1\n", {}, {"x.toml:1: train.lr", "found a table"}},
    {"hops_text", "[moe]\nhops = \"3\"\n", {}, {"moe.hops", "found \"3\"", "array"}},
    {"hops_mixed", "[moe]\nhops = [1, 2.0, 1, 1]\n", {}, {"moe.hops", "an array of integers"}},
    {"renormalise_text",
     "[moe]\nrenormalise = \"true\"\n",
     {},
     {"moe.renormalise", "true | false | \"auto\""}},
    {"renormalise_number", "[moe]\nrenormalise = 1\n", {}, {"moe.renormalise", "found 1"}},
    {"curriculum_flat",
     "[train]\ncurriculum = [0, 1]\n",
     {},
     {"train.curriculum", "[[0, 1], [1000, 2]]"}},
    {"curriculum_triple", "[train]\ncurriculum = [[0, 1, 2]]\n", {}, {"train.curriculum"}},
    {"seed_negative", "[train]\nseed = -1\n", {}, {"train.seed", "found -1", "0 …"}},
    {"enumeration",
     "[moe]\nrouter = \"cosin\"\n",
     {},
     {"x.toml:2: moe.router", "found \"cosin\"", "\"random_fixed\"", "did you mean \"cosine\""}},
    {"dropout_place",
     "[model]\ndropout_places = [\"embeding\"]\n",
     {},
     {"model.dropout_places", "embeding", "did you mean \"embedding\""}},
    {"dropout_place_twice",
     "[model]\ndropout_places = [\"residual\", \"residual\"]\n",
     {},
     {"distinct"}},
    {"range_low", "[train]\nbatch = 0\n", {}, {"x.toml:2: train.batch", "found 0", "1 …"}},
    {"range_open", "[model]\ndropout = 1.0\n", {}, {"model.dropout", "found 1.0", "below 1"}},
    {"tau_zero", "[moe]\ntau = 0\n", {}, {"moe.tau", "found 0.0", "above 0"}},
    {"nan", "[train]\nlr = nan\n", {}, {"train.lr", "found nan"}},
    {"infinite", "[moe]\ntau = inf\n", {}, {"moe.tau", "found inf"}},
    {"huge", "[model]\nd_model = 9223372036854775807\n", {}, {"model.d_model", "65536"}},
    {"hops_zero", "[moe]\nhops = [1, 0, 1, 1]\n", {}, {"moe.hops", "[1, 0, 1, 1]", "1 … 64"}},
    {"hops_empty", "[moe]\nhops = []\n", {}, {"moe.hops", "found []"}},

    {"k_above_m",
     "[moe]\nexperts = 8\ntop_k = 9\n",
     {},
     {"x.toml:3: moe.top_k", "found 9", "1 … 8"}},
    {"k_above_m_from_m", "[moe]\nexperts = 8\n", {}, {"x.toml:2: moe.top_k", "found 12", "1 … 8"}},
    {"k_above_pool",
     "[moe]\npools = \"unrolled\"\nexperts = 32\nhops = 3\ntop_k = 11\n",
     {},
     {"x.toml:5: moe.top_k", "found 11", "1 … 10", "smallest pool"}},
    {"heads",
     "[model]\nd_model = 100\nn_heads = 3\n",
     {},
     {"x.toml:2: model.d_model", "found 100", "multiple of model.n_heads = 3"}},
    {"odd_head",
     "[model]\nd_model = 12\nn_heads = 4\n",
     {},
     {"model.d_model", "odd head dimension of 3", "even"}},
    {"hops_length",
     "[model]\nn_layers = 3\n[moe]\nhops = [1, 2]\n",
     {},
     {"x.toml:4: moe.hops", "array of 2", "array of 3"}},
    {"hops_array_of_one",
     "[moe]\nhops = [2]\n",
     {},
     {"x.toml:2: moe.hops", "array of 1", "array of 4"}},
    {"hops_length_by_layers",
     "[moe]\nhops = [1, 1, 1, 1]\n",
     {"model.n_layers=2"},
     {"--set model.n_layers=2: moe.hops", "array of 4"}},
    {"groups",
     "[moe]\ntop_k = 6\ncomposition = \"grouped_silu\"\n",
     {},
     {"x.toml:2: moe.top_k", "found 6", "multiple of 4"}},
    {"groups_gated", "[moe]\ntop_k = 6\ncomposition = \"grouped_gated\"\n", {}, {"multiple of 4"}},
    {"identity",
     "[model]\nd_model = 64\n[moe]\nprojection = \"identity\"\nd_space = 32\n",
     {},
     {"x.toml:5: moe.d_space", "found 32", "64", "identity"}},
    {"kinematic_linear",
     "[moe]\nrouter = \"linear\"\nreroute = \"kinematic\"\n",
     {},
     {"x.toml:3: moe.reroute", "found \"kinematic\"", "\"semantic\""}},
    {"sequence",
     "[model]\nmax_seq_len = 64\n[train]\nseq_len = 65\n",
     {},
     {"x.toml:4: train.seq_len", "found 65", "1 … 64", "model.max_seq_len"}},
    {"curriculum_order",
     "[moe]\nhops = 3\n[train]\ncurriculum = [[0, 1], [10, 2], [10, 3]]\n",
     {},
     {"x.toml:4: train.curriculum", "step 10 after step 10", "rising"}},
    {"curriculum_hops",
     "[moe]\nhops = 2\n[train]\ncurriculum = [[0, 3]]\n",
     {},
     {"train.curriculum", "hop count of 3", "1 … 2"}},
    {"no_corpus", "[data]\nsource = \"text\"\n", {}, {"x.toml:2: data.train", "UTF-8 text"}},
    {"no_tokenizer", "[data]\ntokenizer = \"\"\n", {}, {"data.tokenizer", "\"train\""}},
    {"batch_tokens", "[train]\nbatch = 1000000\n", {}, {"train.batch", "16777216", "grad_accum"}},
    {"too_large",
     "[model]\nd_model = 65536\n[moe]\nexperts = 1048576\nexpert_rank = 65536\n",
     {},
     {"model.d_model", "parameters", "at most 1e+12"}},

    {"set_no_equals", "", {"model.d_model"}, {"--set model.d_model", "table.key=value"}},
    {"set_unknown",
     "",
     {"model.d_modle=64"},
     {"--set model.d_modle=64", "did you mean model.d_model"}},
    {"set_type",
     "",
     {"model.d_model=wide"},
     {"--set model.d_model=wide: model.d_model", "found wide", "integer"}},
    {"set_float", "", {"moe.top_k=1.5"}, {"--set moe.top_k=1.5", "found 1.5"}},
    {"set_enumeration",
     "",
     {"moe.router=hsah"},
     {"--set moe.router=hsah", "did you mean \"hash\""}},
    {"set_range", "", {"train.batch=0"}, {"--set train.batch=0", "1 …"}},
    {"set_two_lines", "", {"train.batch=3\nother=4"}, {"train.batch"}},
    {"set_conflict",
     "[model]\nd_model = 64\n",
     {"model.n_heads=5"},
     {"--set model.n_heads=5: model.d_model", "multiple"}},
    {"set_not_utf8",
     "",
     {"data.train=a\xff"},
     {"--set data.train=a\\xff: data.train: is no UTF-8"}},
    {"set_hexadecimal", "", {"train.steps=0x10"}, {"train.steps: found 0x10", "an integer"}},
    {"set_octal", "", {"train.seed=0o17"}, {"train.seed: found 0o17", "an integer"}},
    {"set_zeros", "", {"train.batch=010"}, {"train.batch: found 010", "an integer"}},
    {"set_plus", "", {"moe.tau=+30"}, {"moe.tau: found +30", "a number"}},
    {"set_grouped", "", {"train.steps=1_000"}, {"train.steps: found 1_000", "an integer"}},
    {"set_hexadecimal_list", "", {"moe.hops=[0x1, 2]"}, {"moe.hops: found [0x1, 2]"}},
    {"set_beyond",
     "",
     {"train.seed=18446744073709551616"},
     {"train.seed: found 1844", "an integer"}},
    {"beyond_fp32", "[moe]\ntau = 1e39\n", {}, {"moe.tau", "found 1e+39", "at most 1000000"}},
    {"beyond_fp32_set", "", {"moe.tau=1e39"}, {"moe.tau", "found 1e+39", "at most 1000000"}},
    {"rope_beyond", "", {"model.rope_theta=1e308"}, {"rope_theta", "1e-30 … 1e+30"}},
    {"eps_below_fp32", "", {"train.eps=1e-300"}, {"train.eps", "1e-30 … 1000000"}},
    {"clip_beyond", "", {"train.clip=1e39"}, {"train.clip", "at most 1e+30"}},
    {"set_empty_number", "", {"train.lr="}, {"--set train.lr=", "a number"}},
};
INSTANTIATE_TEST_SUITE_P(Config, BadConfig, testing::ValuesIn(kBad),
                         [](const auto& row) { return std::string(row.param.what); });

// Fails if only a late mistake is reported: people fix files from the top.
TEST(ParseConfig, ReportsTheEarliestOfSeveralMistakes) {
    const auto config =
        parse_config("[train]\nlrr = 1\nbatch = 0\n[model]\nd_mode = 2\n", "x.toml");
    ASSERT_FALSE(config.ok());
    EXPECT_EQ(config.error().message.rfind("x.toml:2:", 0), 0u) << config.error().message;
    EXPECT_NE(config.error().message.find("(and 2 more)"), std::string::npos);
}

// Fails if a default moved away from docs/formats.md#configuration or is not filled in.
TEST(ParseConfig, EmptyTextGivesTheDefaults) {
    const auto config = parse_config("", "x.toml");
    ASSERT_TRUE(config.ok()) << config.error().message;
    EXPECT_EQ(*config, Config{});
}

// Fails if a form docs/formats.md#configuration shows for a value is misread.
TEST(ParseConfig, ReadsEveryKindOfValue) {
    const auto config = parse_config(R"(
[model]
n_layers = 3
dropout_places = ["residual"]
[moe]
hops = [1, 2, 3]
tau = 15
renormalise = false
[train]
lr = 1e-4
seed = 9223372036854775807
curriculum = [[0, 1], [1000, 3]]
deterministic = false
[data]
train = "a \"b\" \\ c"
)",
                                     "x.toml");
    ASSERT_TRUE(config.ok()) << config.error().message;
    EXPECT_EQ(config->model.dropout_places, std::vector<DropoutPlace>{DropoutPlace::residual});
    EXPECT_EQ(config->moe.hops, (std::vector<int64_t>{1, 2, 3}));
    EXPECT_EQ(config->moe.tau, 15.0);
    EXPECT_EQ(config->moe.renormalise, Renormalise::no);
    EXPECT_EQ(config->train.lr, 1e-4);
    EXPECT_EQ(config->train.seed, 9223372036854775807ull);
    EXPECT_EQ(config->train.curriculum,
              (std::vector<std::pair<int64_t, int64_t>>{{0, 1}, {1000, 3}}));
    EXPECT_FALSE(config->train.deterministic);
    EXPECT_EQ(config->data.train, "a \"b\" \\ c");
}

// Fails if --set is not the last word, or needs quotes a shell would eat.
TEST(ParseConfig, OverridesWinAndTakeBareWords) {
    const auto config = parse_config(
        "[model]\nd_model = 64\n[moe]\nhops = 2\n", "x.toml",
        {"model.d_model=128", "moe.hops=[1, 2, 3, 1]", "moe.renormalise=true",
         "data.train=/a/b c.txt", "data.tokenizer=123", "moe.balance=\"none\"", "train.lr=1",
         " train.steps = 7 ", "model.dropout_places=[]", "train.steps=8"});
    ASSERT_TRUE(config.ok()) << config.error().message;
    EXPECT_EQ(config->model.d_model, 128);
    EXPECT_EQ(config->moe.hops, (std::vector<int64_t>{1, 2, 3, 1}));
    EXPECT_EQ(config->moe.renormalise, Renormalise::yes);
    EXPECT_EQ(config->data.train, "/a/b c.txt");
    EXPECT_EQ(config->data.tokenizer, "123");
    EXPECT_EQ(config->moe.balance, Balance::none);
    EXPECT_EQ(config->train.lr, 1.0);
    EXPECT_EQ(config->train.steps, 8);
    EXPECT_TRUE(config->model.dropout_places.empty());
}

// Fails if an override cannot mend a combination that the file alone would not allow.
TEST(ParseConfig, CombinationsAreCheckedAfterOverrides) {
    EXPECT_TRUE(parse_config("[data]\nsource = \"text\"\n", "x.toml", {"data.train=a.txt"}).ok());
    EXPECT_TRUE(
        parse_config("[model]\nd_model = 10\nn_heads = 4\n", "x.toml", {"model.n_heads=5"}).ok());
}

// Fails if naming a corpus still trains on generated text, or if an explicit source is overruled.
TEST(ParseConfig, NamingACorpusSelectsText) {
    EXPECT_EQ(parse_config("[data]\ntrain = \"a.txt\"\n", "x.toml")->data.source, DataSource::text);
    EXPECT_EQ(parse_config("[data]\nsource = \"synthetic\"\n", "x.toml", {"data.train=a.txt"})
                  ->data.source,
              DataSource::text);
    EXPECT_EQ(
        parse_config("[data]\nsource = \"synthetic\"\ntrain = \"a.txt\"\n", "x.toml")->data.source,
        DataSource::synthetic);
    EXPECT_EQ(
        parse_config("", "x.toml", {"data.train=a.txt", "data.source=synthetic"})->data.source,
        DataSource::synthetic);
    EXPECT_EQ(parse_config("", "x.toml", {"data.train="})->data.source, DataSource::synthetic);
}

// Fails if the identity projection needs d_space spelled out although only one value is possible.
TEST(ParseConfig, IdentityProjectionSetsDSpace) {
    const auto config =
        parse_config("[model]\nd_model = 96\n[moe]\nprojection = \"identity\"\n", "x.toml");
    ASSERT_TRUE(config.ok()) << config.error().message;
    EXPECT_EQ(config->moe.d_space, 96);
}

// Fails if what was found is echoed in any length, or with bytes that a terminal obeys.
TEST(ParseConfig, CutsAndEscapesWhatItFound) {
    const std::string longest(100'000, 'x'), bytes = "\x1b[31m\xff";
    for (const std::string& found : {longest, bytes})
        for (const std::string& assignment :
             {found, found + "=1", "train.steps=" + found, "moe.router=" + found,
              "model.dropout_places=[\"" + found + "\"]", "debug.kill_at=" + found}) {
            const auto config = parse_config("", "x.toml", {assignment});
            ASSERT_FALSE(config.ok()) << assignment.substr(0, 40);
            const std::string& message = config.error().message;
            EXPECT_LT(message.size(), 700u) << message.substr(0, 800);
            EXPECT_EQ(message.find('\x1b'), std::string::npos);
            EXPECT_EQ(message.find('\xff'), std::string::npos);
        }
    const auto file = parse_config("[moe]\nrouter = \"" + longest + "\"\n", "x.toml");
    ASSERT_FALSE(file.ok());
    EXPECT_LT(file.error().message.size(), 400u);
}

// Fails if a missing, foreign or oversized file crashes or is blamed on TOML.
TEST(LoadConfig, RefusesWhatIsNoConfiguration) {
    const test::TempFolder dir;
    const std::string absent = dir.path() + "/absent.toml";
    const auto missing = load_config(absent);
    ASSERT_FALSE(missing.ok());
    EXPECT_NE(missing.error().message.find(absent + ": no such file"), std::string::npos);
    const auto folder = load_config(dir.path());
    ASSERT_FALSE(folder.ok());
    EXPECT_EQ(folder.error().kind, ErrorKind::usage);
    const auto refused = load_config(dir.write("large.toml", std::string((1 << 20) + 1, '#')));
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("1048577 bytes"), std::string::npos);
    const std::string nested = "x = " + std::string(100000, '[') + "\n";
    EXPECT_FALSE(load_config(dir.write("nested.toml", nested)).ok());
    EXPECT_TRUE(load_config(dir.write("empty.toml", "")).ok());
}

// Fails if a limit of the process is blamed on the file.
TEST(LoadConfig, TellsAWantOfDescriptorsFromABadFile) {
    const test::TempFolder dir;
    const std::string path = dir.write("good.toml", "");
    const int code = in_child([&] {
        const rlimit limit{0, 0};
        setrlimit(RLIMIT_NOFILE, &limit);
        const auto config = load_config(path);
        if (config || config.error().message.find("ulimit -n") == std::string::npos) return 1;
        return config.error().kind == ErrorKind::failed ? 0 : 2;
    });
    EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace hopscope::core
