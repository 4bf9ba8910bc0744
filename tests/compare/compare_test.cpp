// `compare`: what is refused, what is computed, and which warnings follow from the input. The
// paper's tables [def:printed_claims] go in as evaluations with its printed perplexities.
#include "core/compare/compare.h"

#include <algorithm>

#include "core/compare/compare_json.h"
#include "core/compare/printed.h"
#include "core/config/parse.h"
#include "core/run/run_folder.h"
#include "core/stats/descriptive.h"
#include "tests/compare/eval_files.h"

namespace hopscope::core {
namespace {

using testing::evaluation;
using testing::put_bytes;
using testing::TempFolder;

CompareInput input_of(EvalRecord record) {
    record.perplexity = std::exp(record.loss);
    CompareInput input;
    input.label = record.run;
    input.path = record.run + ".json";
    input.record = std::move(record);
    return input;
}

CompareResult compared(const std::vector<EvalRecord>& records, const CompareOptions& options = {}) {
    std::vector<CompareInput> inputs;
    for (const EvalRecord& record : records) inputs.push_back(input_of(record));
    auto result = compare(std::move(inputs), options);
    EXPECT_TRUE(result) << result.error().message;
    return std::move(*result);
}

int count(const CompareResult& result, const std::string& code) {
    return static_cast<int>(
        std::count_if(result.warnings.begin(), result.warnings.end(),
                      [&](const Warning& warning) { return warning.code == code; }));
}

/// Final perplexities of seeds 42, 137, 7 (arXiv 2604.14419, Table 3).
struct PrintedRow {
    const char* variant;
    double seeds[3];
};
constexpr PrintedRow kTable3[] = {{"Wide", {33.93, 34.35, 34.37}},
                                  {"Deep", {34.62, 34.67, 34.67}},
                                  {"Magnitude", {34.11, 34.17, 34.02}},
                                  {"Asymmetric", {34.59, 34.49, 34.72}},
                                  {"Decoupled", {34.05, 33.95, 34.14}}};
constexpr uint64_t kSeeds[] = {42, 137, 7};

std::vector<EvalRecord> table3(size_t first, size_t last) {
    std::vector<EvalRecord> out;
    for (size_t v = first; v < last; ++v)
        for (size_t s = 0; s < 3; ++s)
            out.push_back(evaluation(kTable3[v].variant, kSeeds[s], std::log(kTable3[v].seeds[s])));
    return out;
}

TEST(Compare, SeedStatisticsOfThePaperComeOut) {
    const auto result = compared(table3(0, 5));
    ASSERT_EQ(result.groups.size(), 5u);
    constexpr double kStd[] = {0.248, 0.029, 0.075, 0.115, 0.095};
    constexpr double kMean[] = {34.22, 34.65, 34.10, 34.60, 34.05};
    for (size_t v = 0; v < 5; ++v) {
        EXPECT_EQ(result.groups[v].variant, kTable3[v].variant);
        EXPECT_NEAR(result.groups[v].perplexity.std, kStd[v], 0.0006);
        EXPECT_NEAR(result.groups[v].perplexity.mean, kMean[v], 0.0051);
        EXPECT_EQ(result.groups[v].perplexity.n, 3);
    }
    EXPECT_NEAR(result.spread_of_means, 0.607, 0.0005);
    EXPECT_NEAR(result.largest_within_std, 0.248, 0.0006);
    // The paper divides rounded numbers, 0.60 / 0.12 = 5.0; unrounded it is 5.4.
    EXPECT_NEAR(result.mean_within_std, 0.1125, 0.0005);
    EXPECT_NEAR(result.ratio, 5.39, 0.01);
    EXPECT_NEAR(result.spread_of_means / result.largest_within_std, 2.4, 0.06);
    // All pairs of groups; Welch by hand for Wide against Deep.
    ASSERT_EQ(result.seed_tost.size(), 10u);
    std::vector<double> wide, deep;
    for (const double ppl : kTable3[0].seeds) wide.push_back(std::log(ppl));
    for (const double ppl : kTable3[1].seeds) deep.push_back(std::log(ppl));
    const auto welch =
        stats::t_tost(stats::welch(stats::summarise(wide), stats::summarise(deep)), 0.03);
    EXPECT_NEAR(result.seed_tost[0].welch.p, welch.p, 1e-12);
    EXPECT_NEAR(result.seed_tost[0].welch.difference, stats::mean(wide) - stats::mean(deep), 1e-12);
}

TEST(Compare, TheGapThatOneSeedCarriesIsNamed) {
    // Wide beats Deep by 0.69 at seed 42, by 0.31 over the others.
    const auto paper = compared(table3(0, 2));
    ASSERT_EQ(count(paper, "seed_gap"), 1);
    for (const Warning& warning : paper.warnings)
        if (warning.code == "seed_gap") {
            EXPECT_NE(warning.text.find("0.69 at seed 42"), std::string::npos) << warning.text;
            EXPECT_NE(warning.text.find("0.31"), std::string::npos) << warning.text;
        }
    // Altered so that all seeds agree.
    std::vector<EvalRecord> even;
    for (size_t s = 0; s < 3; ++s) {
        const double ppl = 34 + 0.1 * static_cast<double>(s);
        even.push_back(evaluation("Wide", kSeeds[s], std::log(ppl)));
        even.push_back(evaluation("Deep", kSeeds[s], std::log(ppl + 0.4)));
    }
    EXPECT_EQ(count(compared(even), "seed_gap"), 0);
    // With one seed each there is nothing to tell, and that is said.
    const auto single = compared({table3(0, 1)[0], table3(1, 2)[0]});
    EXPECT_EQ(count(single, "seed_gap"), 0);
    EXPECT_EQ(count(single, "single_seed"), 1);
    EXPECT_TRUE(single.seed_tost.empty());
    EXPECT_TRUE(std::isnan(single.mean_within_std));
}

TEST(Compare, PairedIntervalsDecideWhereUnpairedOnesCannot) {
    // Batches differ far more from each other than the variants do.
    const auto result = compared({evaluation("a", 1, 3.50), evaluation("b", 1, 3.51)});
    ASSERT_EQ(result.pairs.size(), 1u);
    const PairResult& pair = result.pairs[0];
    EXPECT_EQ(pair.n, 50);
    EXPECT_NEAR(pair.mean, -0.01, 1e-12);
    EXPECT_TRUE(pair.tost.equivalent);
    EXPECT_LT(pair.tost.ci95.high, 0);
    EXPECT_GT(pair.tost.power, 0.99);
    EXPECT_LT(pair.tost.p, 0.001);
    EXPECT_LT(pair.tost.p_difference, 0.001);
    EXPECT_GT(pair.unpaired_ci95.width(), 5 * pair.tost.ci95.width());
    EXPECT_FALSE(pair.unpaired_ci95.within(0.03));
    ASSERT_EQ(pair.blocks.size(), 2u);
    EXPECT_EQ(pair.blocks[0].size, 5);
    EXPECT_NEAR(pair.blocks[0].width_ratio, pair.blocks[0].ci90.width() / pair.tost.ci90.width(),
                1e-12);
    EXPECT_EQ(count(result, "different_within_margin"), 1);
}

TEST(Compare, ARunAgainstItselfIsEqual) {
    const auto result = compared({evaluation("a", 1, 3.5), evaluation("a", 1, 3.5)});
    EXPECT_EQ(result.pairs[0].mean, 0);
    EXPECT_TRUE(result.pairs[0].tost.equivalent);
    EXPECT_EQ(result.pairs[0].tost.power, 1);
    EXPECT_EQ(result.pairs[0].blocks[0].width_ratio, 1);
    EXPECT_EQ(count(result, "same_seed_twice"), 1);
    EXPECT_EQ(result.groups.size(), 1u);
    EXPECT_EQ(result.groups[0].members.size(), 1u);
}

/// Differences with exactly this mean and 90 % interval ends near mean ∓ half.
std::pair<EvalRecord, EvalRecord> with_interval(double mean, double half) {
    auto a = evaluation("a", 1, 3.5), b = a;
    b.run = "b";
    b.origin.variant = b.origin.config_name = "b";
    std::mt19937_64 random(5);
    std::normal_distribution<double> normal;
    std::vector<double> d;
    for (size_t i = 0; i < 50; ++i) d.push_back(normal(random));
    const double centre = stats::mean(d), scale = stats::sample_std(d) / std::sqrt(50.0) * 1.645;
    for (size_t i = 0; i < 50; ++i)
        a.batches[i] = b.batches[i] + mean + half * (d[i] - centre) / scale;
    a.loss = stats::mean(a.batches);
    return {a, b};
}

TEST(Compare, AnIntervalThatPrintsAsTheMarginIsDecidedUnroundedAndNamed) {
    // Wide against Deep in the paper: −0.023 with [−0.030, −0.017] at margin 0.03.
    const auto near = with_interval(-0.0235, 0.0066);
    const auto close = compared({near.first, near.second});
    EXPECT_NEAR(close.pairs[0].tost.ci90.low, -0.030, 0.0005);
    EXPECT_GE(count(close, "touches_bound"), 1);
    EXPECT_EQ(close.pairs[0].tost.equivalent, close.pairs[0].tost.ci90.low >= -0.03);
    // Altered: well inside, no word of it.
    const auto inner = with_interval(-0.010, 0.006);
    const auto inside = compared({inner.first, inner.second});
    EXPECT_TRUE(inside.pairs[0].tost.equivalent);
    EXPECT_EQ(count(inside, "touches_bound"), 0);
    EXPECT_EQ(count(inside, "interval_outside_margin"), 0);
    // Mean inside, interval outside.
    const auto outer = with_interval(-0.027, 0.008);
    const auto outside = compared({outer.first, outer.second});
    EXPECT_FALSE(outside.pairs[0].tost.equivalent);
    EXPECT_GE(count(outside, "interval_outside_margin"), 1);
    EXPECT_EQ(count(outside, "low_power"), 0);
    const auto vague = with_interval(0.0, 0.06);
    EXPECT_EQ(count(compared({vague.first, vague.second}), "low_power"), 1);
}

TEST(Compare, BlocksThatDecideOtherwiseAreNamed) {
    // Differences come in runs of equal sign: single draws make the interval too narrow.
    auto a = evaluation("a", 1, 3.5), b = a;
    b.origin.variant = "b";
    for (size_t i = 0; i < 50; ++i)
        a.batches[i] = b.batches[i] + ((i / 10) % 2 == 0 ? 0.055 : -0.055);
    const auto result = compared({a, b});
    EXPECT_TRUE(result.pairs[0].tost.equivalent);
    EXPECT_FALSE(result.pairs[0].blocks[0].equivalent);
    EXPECT_GT(result.pairs[0].blocks[0].width_ratio, 1.5);
    EXPECT_GE(count(result, "interval_outside_margin"), 1);
}

TEST(Compare, UnfairBaselinesAreNamed) {
    const auto a = evaluation("a", 1, 3.5);
    auto b = evaluation("b", 1, 3.51);
    EXPECT_EQ(count(compared({a, b}), "unfair_baseline"), 0);
    auto longer = b;
    longer.origin.trained_tokens *= 2;
    longer.step *= 2;
    EXPECT_EQ(count(compared({a, longer}), "unfair_baseline"), 1);
    auto other_text = b;
    other_text.origin.train_hash = "x2";
    EXPECT_EQ(count(compared({a, other_text}), "unfair_baseline"), 1);
    auto other_schedule = b;
    other_schedule.origin.planned_steps = 5000;
    EXPECT_EQ(count(compared({a, other_schedule}), "unfair_baseline"), 1);
}

/// A run of a configuration of the paper, as its evaluations are written and read back.
EvalRecord of_preset(const std::string& name) {
    auto record = evaluation(name, 1, 3.5);
    const auto config = load_config(HOPSCOPE_CONFIGS "/paper/" + name + ".toml");
    EXPECT_TRUE(config) << name;
    const auto size = eval_origin(*config, RunInfo(), 1000);
    record.origin.parameters = size.parameters;
    record.origin.routing = size.routing;
    record.origin.routing_live = size.routing_live;
    OrderedJson document;
    add_origin(document, record.origin);
    const auto back = read_origin(Json::parse(document.dump()), "eval.json");
    EXPECT_TRUE(back);
    EXPECT_EQ(*back, record.origin);
    return record;
}

// [def:parameters]: sizes are held against each other without the vectors that nothing reads.
TEST(Compare, DifferentSizesAreNamedByWhatIsLive) {
    const auto said = [](const char* a, const char* b) {
        const auto result = compared({of_preset(a), of_preset(b)});
        EXPECT_EQ(count(result, "unfair_baseline"), 0);
        for (const Warning& warning : result.warnings)
            if (warning.code == "unequal_size") {
                // The text says "x and y": in the order of the inputs.
                EXPECT_EQ(warning.a, result.inputs[0].label);
                EXPECT_EQ(warning.b, result.inputs[1].label);
                return warning.text;
            }
        return std::string();
    };
    EXPECT_EQ(said("wide_1x12", "deep_3x4"), "");
    // "Iso-parameter" as counted, 5.6 against 8.4 million as used.
    const auto d341 = said("cosine_d341", "linear");
    EXPECT_NE(d341.find("live routing parameters 5586944 and 8388608"), std::string::npos) << d341;
    EXPECT_NE(d341.find("in routing 8380416 and 8388608"), std::string::npos) << d341;
    EXPECT_EQ(said("cosine_d512", "linear"), "") << "the true match";
    const auto dense = said("wide_1x12", "dense_iso_param");
    EXPECT_NE(dense.find("live parameters 84217856 and 84742144"), std::string::npos) << dense;
    EXPECT_NE(dense.find("reads 84742144 and 84742144"), std::string::npos) << dense;
    EXPECT_EQ(said("wide_1x12", "dense_iso_param_live"), "");
    EXPECT_NE(said("wide_1x12", "hash"), "");
    // Evaluations of older versions do not know their size.
    EXPECT_EQ(count(compared({evaluation("a", 1, 3.5), of_preset("hash")}), "unequal_size"), 0);
}

TEST(Compare, FiguresThatContradictEachOtherAreNamed) {
    auto a = evaluation("Magnitude", 1, std::log(34.11)),
         b = evaluation("Decoupled", 1, std::log(34.05));
    EXPECT_EQ(count(compared({a, b}), "contradicting_order"), 0);
    // Table 13 has Magnitude ahead by 0.004, Table 3 behind [def:printed_claims].
    for (double& batch : a.batches) batch -= 0.004 + std::log(34.11 / 34.05);
    const auto result = compared({a, b});
    EXPECT_NEAR(result.pairs[0].mean, -0.004, 1e-9);
    EXPECT_EQ(count(result, "contradicting_order"), 1);
    EXPECT_EQ(count(result, "loss_does_not_follow"), 1);
    auto c = input_of(evaluation("a", 1, 3.5)), d = input_of(evaluation("b", 1, 3.5));
    c.record.perplexity = 34.0;
    auto wrong = compare({c, d}, {});
    ASSERT_TRUE(wrong);
    EXPECT_EQ(count(*wrong, "perplexity_does_not_follow"), 1);
}

TEST(Compare, OtherValidationBatchesAreRefusedWithTheFields) {
    const auto a = evaluation("a", 1, 3.5);
    const auto refused = [&](const EvalRecord& other, const std::string& field) {
        const auto result = compare({input_of(a), input_of(other)}, {});
        ASSERT_FALSE(result) << field;
        EXPECT_EQ(result.error().kind, ErrorKind::usage);
        EXPECT_NE(result.error().message.find(field), std::string::npos) << result.error().message;
        EXPECT_NE(result.error().message.find("b-1"), std::string::npos) << "both are named";
    };
    auto other = evaluation("b", 1, 3.5);
    other.origin.data_hash = "d2";
    refused(other, "content hash");
    other = evaluation("b", 1, 3.5, 0.01, 40);
    refused(other, "number of batches: 50 and 40");
    other = evaluation("b", 1, 3.5);
    other.origin.seq_len = 256;
    refused(other, "train.seq_len: 512 and 256");
    other = evaluation("b", 1, 3.5);
    other.origin.tokenizer_hash = "t2";
    refused(other, "tokenizer");
    other = evaluation("b", 1, 3.5);
    other.split = Split::train;
    refused(other, "split");
    // Not the first pair alone: c and b differ where a does not say.
    auto silent = a;
    silent.origin.data_hash.clear();
    auto c = evaluation("c", 1, 3.5);
    c.origin.data_hash = "d3";
    EXPECT_FALSE(compare({input_of(silent), input_of(evaluation("b", 1, 3.5)), input_of(c)}, {}));
    EXPECT_FALSE(compare({input_of(a)}, {}));
    CompareOptions bad;
    bad.margin = -1;
    EXPECT_FALSE(compare({input_of(a), input_of(a)}, bad));
    bad = {};
    bad.resamples = 0;
    EXPECT_FALSE(compare({input_of(a), input_of(a)}, bad));
    bad = {};
    bad.blocks = {0};
    EXPECT_FALSE(compare({input_of(a), input_of(a)}, bad));
}

TEST(Compare, TheSameConfigurationUnderOtherChangesIsAnotherVariant) {
    auto plain = evaluation("a", 1, 3.5), halted = evaluation("a", 1, 3.6);
    halted.origin.changes["halt"] = "0.05";
    auto later = evaluation("a", 2, 3.4);
    later.step = 2000;
    const auto result = compared({plain, halted, later});
    ASSERT_EQ(result.groups.size(), 3u);
    EXPECT_EQ(result.groups[1].variant, "a halt=0.05");
    EXPECT_EQ(result.groups[2].variant, "a (step 2000)");
}

TEST(Compare, FilesOfAllKindsAreRead) {
    const TempFolder dir;
    const auto record = evaluation("a", 7, 3.5);
    ASSERT_TRUE(write_eval(dir / "a.json", record));
    const auto read = read_compare_input(dir / "a.json");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->record.origin, record.origin);
    EXPECT_EQ(read->record.batches, record.batches);
    // A file of an older version, without origin: usable, and named as such.
    put_bytes(
        dir / "old.json",
        R"({"format": "hopscope.eval/1", "step": 1, "tokens": 9, "loss": 2, "batches": [2, 2]})");
    const auto old = read_compare_input(dir / "old.json");
    ASSERT_TRUE(old) << old.error().message;
    auto result = compare({*old, *old}, {});
    ASSERT_TRUE(result);
    EXPECT_EQ(count(*result, "unknown_batches"), 2);
    EXPECT_EQ(count(*result, "few_batches"), 2);
    EXPECT_EQ(count(*result, "too_few_blocks"), 2);
    EXPECT_EQ(result->groups.size(), 2u);
    EXPECT_TRUE(compare_json(*result)["pairs"][0]["blocks"][0]["ci90"][0].is_null());
}

TEST(Compare, WrongFilesAreRefusedWithFileAndField) {
    const TempFolder dir;
    const auto refused = [&](const std::string& text, const std::string& field) {
        put_bytes(dir / "x.json", text);
        const auto read = read_compare_input(dir / "x.json");
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().kind, ErrorKind::usage);
        EXPECT_NE(read.error().message.find("x.json"), std::string::npos) << read.error().message;
        EXPECT_NE(read.error().message.find(field), std::string::npos) << read.error().message;
    };
    refused("", "JSON");
    refused("[]", "object");
    refused("{}", "format");
    refused(R"({"format": "hopscope.trace/1"})", "hopscope.eval/1");
    refused(R"({"format": "hopscope.eval/1"})", "step");
    const std::string head = R"({"format": "hopscope.eval/1", "step": 1, "tokens": 9, "loss": 2, )";
    refused(head + R"("batches": []})", "batches");
    refused(head + R"("batches": [1, null]})", "batches\"[1]");
    refused(head + R"("batches": [1, 2], "data": 3})", "data");
    refused(head + R"("batches": [1, 2], "training": {"seed": -1}})", "seed");
    const std::string zero =
        R"({"format": "hopscope.zeroshot/1", "task": "arc_easy", "per_item": )";
    refused(zero + "[]}", "per_item");
    refused(zero + R"({"a": {"gold": 1, "pred": 1, "pred_norm": 1}}})",
            "per_item\" must be a list");
    refused(zero + "[3]}", "per_item[0]");
    refused(zero + R"([{"gold": 1}]})", "pred");
    EXPECT_FALSE(read_compare_input(dir / "missing.json"));
    std::filesystem::create_directory(dir / "no_run");
    EXPECT_FALSE(read_compare_input(dir / "no_run"));
}

std::string zeroshot(const std::string& answers, const std::string& task = "hellaswag") {
    // One digit an item: 1 right by both scores, 2 by the sum only, 3 by the norm only, 0 wrong.
    std::string items;
    for (size_t i = 0; i < answers.size(); ++i) {
        const bool sum = answers[i] == '1' || answers[i] == '2',
                   norm = answers[i] == '1' || answers[i] == '3';
        items += (i ? "," : "") + std::string("{\"id\": ") + std::to_string(i) +
                 R"(, "gold": 1, "pred": )" + (sum ? "1" : "0") + R"(, "pred_norm": )" +
                 (norm ? "1" : "0") + R"(, "scores": [0, 1], "scores_norm": [0, 1]})";
    }
    return R"({"format": "hopscope.zeroshot/1", "task": ")" + task + R"(", "per_item": [)" + items +
           "]}";
}

TEST(Compare, ZeroshotFilesGetMcNemarAndTost) {
    const TempFolder dir;
    std::string a(200, '1'), b(200, '1');
    for (size_t i = 0; i < 14; ++i) b[i] = '0';   // a alone is right
    for (size_t i = 50; i < 54; ++i) a[i] = '3';  // b alone, by the sum
    put_bytes(dir / "a.json", zeroshot(a));
    put_bytes(dir / "b.json", zeroshot(b));
    auto x = read_compare_input(dir / "a.json"), y = read_compare_input(dir / "b.json");
    ASSERT_TRUE(x && y);
    auto result = compare({*x, *y}, {});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->margin, 0.02);
    const AnswerPair& pair = result->answers.at(0);
    EXPECT_DOUBLE_EQ(pair.sum.accuracy_a, 196.0 / 200);
    EXPECT_DOUBLE_EQ(pair.sum.accuracy_b, 186.0 / 200);
    EXPECT_DOUBLE_EQ(pair.norm.accuracy_a, 1);
    const auto json = compare_json(*result);
    EXPECT_EQ(json["mcnemar"]["only_a"], 14);
    EXPECT_EQ(json["mcnemar"]["only_b"], 4);
    EXPECT_NEAR(json["mcnemar"]["p"].get<double>(), 0.030883789, 1e-8);
    EXPECT_DOUBLE_EQ(json["tost"]["diff"].get<double>(), 0.05);
    EXPECT_FALSE(json["tost"]["equivalent"].get<bool>());
    EXPECT_EQ(json["pairs"][0]["norm"]["mcnemar"]["only_b"], 0);
    EXPECT_EQ(json["pairs"][0]["mcnemar"], json["mcnemar"]);
    // Other items, another task, losses: refused.
    put_bytes(dir / "c.json", zeroshot(b, "arc_easy"));
    put_bytes(dir / "d.json", zeroshot(b.substr(1)));
    for (const char* other : {"c.json", "d.json"}) {
        auto z = read_compare_input(dir / other);
        ASSERT_TRUE(z);
        EXPECT_FALSE(compare({*x, *z}, {})) << other;
    }
    // The same ids with another right answer, or read from another text.
    const auto refused_for = [&](const std::string& from, const std::string& to,
                                 const std::string& word) {
        auto text = zeroshot(b);
        put_bytes(dir / "e.json", text.replace(text.find(from), from.size(), to));
        auto z = read_compare_input(dir / "e.json");
        ASSERT_TRUE(z);
        auto w = *x;
        w.items_hash = "h1";
        const auto got = compare({w, *z}, {});
        ASSERT_FALSE(got) << word;
        EXPECT_NE(got.error().message.find(word), std::string::npos) << got.error().message;
    };
    refused_for("\"gold\": 1", "\"gold\": 0", "right answer of item 0: 1 and 0");
    refused_for("\"task\"", "\"data_hash\": \"h2\", \"task\"", "h1 and h2");
    EXPECT_FALSE(compare({*x, input_of(evaluation("a", 1, 3))}, {}));
}

TEST(Compare, TellsItsPairsAndStopsBetweenThem) {
    // 15 runs are 105 pairs of bootstraps; silent and deaf they would look hung.
    std::vector<CompareInput> inputs;
    for (const EvalRecord& record : table3(0, 5)) inputs.push_back(input_of(record));
    std::vector<double> shares;
    Progress progress;
    progress.report = [&](const std::string& activity, double share) {
        if (activity.starts_with("comparing pair")) shares.push_back(share);
    };
    progress.cancelled = [&] { return shares.size() == 7; };
    CompareOptions options;
    options.resamples = 100;
    const auto stopped = compare(inputs, options, progress);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::interrupted);
    EXPECT_EQ(shares.size(), 7u);
    shares.clear();
    progress.cancelled = [] { return false; };
    ASSERT_TRUE(compare(inputs, options, progress));
    ASSERT_EQ(shares.size(), 105u);
    EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
    EXPECT_NEAR(shares.back(), 104.0 / 105, 1e-12);
}

TEST(Compare, TheDocumentHasEveryFieldOfItsFormat) {
    const auto json = compare_json(compared(table3(0, 2)));
    EXPECT_EQ(json["format"], "hopscope.compare/1");
    for (const char* key : {"margin", "resamples", "seed", "pairs", "groups", "spread_of_means",
                            "mean_within_std", "ratio", "seed_tost", "warnings", "definitions"})
        EXPECT_TRUE(json.contains(key)) << key;
    EXPECT_EQ(json["pairs"].size(), 15u);
    for (const char* key : {"a", "b", "n", "mean", "ci95", "ci90", "unpaired_ci95", "p",
                            "p_difference", "power", "equivalent", "blocks"})
        EXPECT_TRUE(json["pairs"][0].contains(key)) << key;
    for (const char* key : {"size", "ci90", "equivalent", "width_ratio"})
        EXPECT_TRUE(json["pairs"][0]["blocks"][0].contains(key)) << key;
    for (const char* key : {"variant", "seeds", "mean_ppl", "std", "n"})
        EXPECT_TRUE(json["groups"][0].contains(key)) << key;
    EXPECT_EQ(json["groups"][0]["seeds"], OrderedJson({42, 137, 7}));
    for (const char* key : {"a", "b", "diff", "p", "equivalent"})
        EXPECT_TRUE(json["seed_tost"][0].contains(key)) << key;
    // Same input and seed, same document.
    EXPECT_EQ(json.dump(), compare_json(compared(table3(0, 2))).dump());
}

}  // namespace
}  // namespace hopscope::core
