// The single numbers of run folders. If these fail, a sweep shows another number than its file
// says, or a run that cannot be read holds up the others.
#include "core/compare/run_numbers.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/compare/document_numbers.h"
#include "core/config/arithmetic.h"
#include "core/config/write.h"
#include "core/run/metrics_csv.h"
#include "core/run/run_folder.h"
#include "tests/compare/eval_files.h"

namespace hopscope::core {
namespace {

using testing::evaluation;
using testing::put_bytes;
using testing::TempFolder;

const RunNumber* found(const std::vector<RunNumber>& numbers, const std::string& key) {
    const auto at = std::find_if(numbers.begin(), numbers.end(),
                                 [&](const RunNumber& number) { return number.key == key; });
    return at == numbers.end() ? nullptr : &*at;
}

std::string make_run(const TempFolder& folder, const std::string& name, const Config& config) {
    const std::string dir = folder / name;
    auto run = RunFolder::create(dir, to_toml(config), {});
    EXPECT_TRUE(run) << run.error().message;
    auto metrics = MetricsCsv::open(run->metrics_path(), config.model.n_layers);
    EXPECT_TRUE(metrics);
    for (int64_t step = 1; step <= 100; ++step) {
        ScalarRecord record;
        record.step = step;
        record.tokens = step * 64;
        record.seconds = static_cast<double>(step) / 10;
        record.loss = step <= 95 ? 9.0f : 4.0f;
        record.tokens_per_s = 500;
        record.layers.resize(static_cast<size_t>(config.model.n_layers));
        if (step == 50) {
            record.valid_loss = 2.5f;
            record.layers[0].coupling = 0.25f;
        }
        EXPECT_TRUE(metrics->append(record));
    }
    std::filesystem::create_directories(dir + "/eval");
    EvalRecord record = evaluation("wide", 1, 3.0);
    record.step = 100;
    EXPECT_TRUE(write_eval(run->eval_path(100), record));
    return dir;
}

RunNumbers read(const std::string& dir) {
    auto out = read_run_numbers({dir});
    EXPECT_TRUE(out);
    return out->front();
}

// Wrong if a cost were another than `hopscope info` says, or that of the run as far as it came.
TEST(RunNumbers, Costs) {
    const TempFolder folder;
    const Config config;
    const RunNumbers run = read(make_run(folder, "wide", config));
    EXPECT_EQ(found(run.costs, "parameters")->value,
              static_cast<double>(count_parameters(config).total));
    EXPECT_EQ(found(run.costs, "flops_per_token")->value, count_flops(config).total);
    EXPECT_EQ(found(run.costs, "tokens")->value, 6400);
    EXPECT_EQ(found(run.costs, "seconds")->value, 10);
    EXPECT_EQ(run.step, 100);
    for (const RunNumber& cost : run.costs) EXPECT_EQ(cost.better, Better::lower) << cost.key;
}

// Wrong if an end were that of another stretch, a rare column were left out, or the best evaluation
// passed for the last.
TEST(RunNumbers, EndsOfCurvesAndEvaluations) {
    const TempFolder folder;
    const RunNumbers run = read(make_run(folder, "wide", {}));
    const RunNumber* loss = found(run.results, "loss/end");
    ASSERT_TRUE(loss);
    EXPECT_EQ(loss->value, 4);
    EXPECT_EQ(loss->n, 5);
    EXPECT_EQ(loss->unit, "nats");
    EXPECT_EQ(found(run.results, "coupling/layer0/end")->value, 0.25);
    EXPECT_EQ(found(run.results, "coupling/layer0/end")->n, 1);
    EXPECT_FALSE(found(run.results, "coupling/layer1/end")) << "never recorded";
    EXPECT_DOUBLE_EQ(found(run.results, "valid_loss/final")->value, 3.0);
    EXPECT_EQ(found(run.results, "valid_loss/final")->n, 50);
    EXPECT_EQ(found(run.results, "valid_loss/best")->value, 2.5);
    EXPECT_NE(found(run.results, "valid_loss/best")->from.find("step 50"), std::string::npos);
    EXPECT_DOUBLE_EQ(found(run.results, "perplexity/final")->value, std::exp(3.0));
    EXPECT_EQ(found(run.results, "tokens_per_s/end")->better, Better::higher);
}

// Fails if of equal losses another than the newest evaluation is called the best, or, where that
// one is worse, another than the first that came so low.
TEST(RunNumbers, OfEqualEvaluationsTheBestIsNamedByItsStep) {
    const TempFolder folder;
    const auto best_of = [&](const char* name, double newest) {
        const std::string dir = make_run(folder, name, {});
        auto run = RunFolder::open(dir, false);
        EXPECT_TRUE(run);
        EvalRecord record = evaluation(name, 1, newest);
        record.step = 100;
        record.loss = newest;
        EXPECT_TRUE(write_eval(run->eval_path(100), record));
        auto metrics = MetricsCsv::open(run->metrics_path(), Config().model.n_layers);
        EXPECT_TRUE(metrics);
        ScalarRecord again;
        again.step = 101;
        again.valid_loss = 2.5f;  // as at step 50
        again.layers.resize(static_cast<size_t>(Config().model.n_layers));
        EXPECT_TRUE(metrics->append(again));
        return *found(read(dir).results, "valid_loss/best");
    };
    const RunNumber first = best_of("worse", 3.0);
    EXPECT_EQ(first.value, 2.5);
    EXPECT_EQ(first.from, "validation loss, lowest of all evaluations, step 50");
    EXPECT_EQ(first.n, 3);
    EXPECT_EQ(best_of("as_good", 2.5).from, "validation loss, lowest of all evaluations, step 100");
}

// Wrong if a kept document were not read, one that is torn held up the run or went unsaid, or a
// file of another program were blamed.
TEST(RunNumbers, DocumentsOfTheFolder) {
    const TempFolder folder;
    const std::string dir = make_run(folder, "wide", {});
    std::filesystem::create_directories(dir + "/analysis");
    put_bytes(dir + "/analysis/zeroshot-arc_easy.json",
              R"({"format": "hopscope.zeroshot/1", "step": 100, "items": 20, "accuracy": 0.45})");
    put_bytes(dir + "/analysis/torn.json", R"({"format": "hopscope.analysis/2", "res)");
    put_bytes(dir + "/mine.json", R"({"accuracy": 1})");
    const RunNumbers run = read(dir);
    const RunNumber* accuracy = found(run.results, "zeroshot-arc_easy/accuracy");
    ASSERT_TRUE(accuracy);
    EXPECT_EQ(accuracy->value, 0.45);
    EXPECT_EQ(accuracy->n, 20);
    EXPECT_EQ(accuracy->better, Better::higher);
    EXPECT_EQ(accuracy->from, "zeroshot-arc_easy.json, step 100");
    ASSERT_EQ(run.unread.size(), 1u);
    EXPECT_NE(run.unread[0].find("torn.json"), std::string::npos);
    EXPECT_FALSE(found(run.results, "mine/accuracy"));
}

// Wrong if a folder that is no run stopped the reading of the others.
TEST(RunNumbers, OneThatCannotBeRead) {
    const TempFolder folder;
    const auto out = read_run_numbers({folder / "nowhere", make_run(folder, "wide", {})});
    ASSERT_TRUE(out);
    EXPECT_NE((*out)[0].problem, "");
    EXPECT_EQ((*out)[1].problem, "");
    EXPECT_FALSE((*out)[1].results.empty());
}

// Wrong if an interval lost its ends or its n, a number stood twice, or samples passed for numbers
// of the run.
TEST(DocumentNumbers, PathsIntervalsAndLists) {
    const Json json = Json::parse(R"({
        "format": "hopscope.analysis/2", "name": "echo", "n": 1248, "step": 4,
        "result": {
            "mean": 0.5,
            "mean_interval": {"value": 0.5, "ci95": [0.4, 0.6], "n": 39, "over": "batches"},
            "per_layer": [0.2, 0.8],
            "layers": [{"gini": 0.1}, {"gini": 0.3}],
            "counts": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17],
            "verdict": "falling", "nothing": null
        }})");
    const auto numbers = document_numbers(json, "echo");
    const RunNumber* mean = found(numbers, "echo/mean");
    ASSERT_TRUE(mean);
    EXPECT_EQ(mean->low, 0.4);
    EXPECT_EQ(mean->high, 0.6);
    EXPECT_EQ(mean->n, 39);
    EXPECT_EQ(mean->over, "batches");
    EXPECT_EQ(std::count_if(numbers.begin(), numbers.end(),
                            [](const RunNumber& one) { return one.key == "echo/mean"; }),
              1);
    EXPECT_DOUBLE_EQ(found(numbers, "echo/per_layer.mean")->value, 0.5);
    EXPECT_EQ(found(numbers, "echo/per_layer[1]")->n, 1248);
    EXPECT_EQ(found(numbers, "echo/layers[1].gini")->value, 0.3);
    EXPECT_EQ(numbers.size(), 6u);
}

// Wrong if rows of a halting table were told by their place, which another table gives to another
// threshold.
TEST(DocumentNumbers, HaltingRowsByThreshold) {
    const Json json = Json::parse(R"({
        "format": "hopscope.halting/1", "tokens": 99, "base": {"perplexity": 20},
        "rows": [{"epsilon": 0.05, "saving": 0.2, "seconds_each": [1, 2]},
                 {"epsilon": 0.1, "saving": 0.4}]})");
    const auto numbers = document_numbers(json, "halting");
    EXPECT_EQ(found(numbers, "halting/rows[epsilon=0.1].saving")->value, 0.4);
    EXPECT_EQ(found(numbers, "halting/rows[epsilon=0.1].saving")->better, Better::higher);
    EXPECT_EQ(found(numbers, "halting/base.perplexity")->better, Better::lower);
    for (const RunNumber& number : numbers)
        EXPECT_EQ(number.key.find("_each"), std::string::npos) << number.key;
}

}  // namespace
}  // namespace hopscope::core
