// If these fail, a run that was stopped on request and gone on with lacks what an unbroken run has.
#include <cmath>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "core/run/eval_file.h"
#include "core/run/run_folder.h"
#include "tests/trainer/run_helpers.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;

class StoppedRun : public ::testing::Test {
  protected:
    StoppedRun() {
        write_config(dir_ / "tiny.toml", write_corpus(dir_ / "corpus.txt"));
        // Evaluations long enough to be met by a stop.
        options_.config_path = dir_ / "tiny.toml";
        options_.overrides = {"train.steps=24", "train.eval_batches=200",
                              "data.valid=" + dir_ / "corpus.txt"};
    }
    ~StoppedRun() override { lab::interrupt_flag() = 0; }

    std::string whole() {
        lab::TrainOptions o = options_;
        o.out = dir_ / "whole";
        const auto result = lab::train(o);
        EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message);
        return o.out;
    }

    /// Trains, with a stop once the evaluation after update `step` is at work.
    std::string stopped_in_evaluation(int64_t step) {
        lab::TrainOptions o = options_;
        o.out = dir_ / ("stopped" + std::to_string(step));
        o.resume = is_run_folder(o.out);
        int64_t done = 0;
        o.on_step = [&](const ScalarRecord& record, const RunStatus&) { done = record.step; };
        o.on_status = [&](const RunStatus& status) {
            // The record of an update follows its evaluation.
            if (done == step - 1 && status.activity.find("evaluating") == 0)
                lab::interrupt_flag() = SIGINT;
        };
        const auto result = lab::train(o);
        lab::interrupt_flag() = 0;
        EXPECT_FALSE(result.ok()) << "the stop came too late to be tested";
        if (!result) {
            EXPECT_EQ(result.error().kind, ErrorKind::interrupted);
        }
        return o.out;
    }

    void resume(const std::string& run) {
        lab::TrainOptions o = options_;
        o.out = run;
        o.resume = true;
        const auto result = lab::train(o);
        ASSERT_TRUE(result.ok()) << result.error().message;
    }

    static void expect_same_evaluations(const std::string& a, const std::string& b) {
        const auto x = RunFolder::open(a, false), y = RunFolder::open(b, false);
        ASSERT_TRUE(x.ok() && y.ok());
        ASSERT_EQ(x->evals(), y->evals());
        for (const int64_t step : x->evals()) {
            const auto left = read_eval(x->eval_path(step)), right = read_eval(y->eval_path(step));
            ASSERT_TRUE(left.ok() && right.ok());
            EXPECT_EQ(left->batches, right->batches) << "step " << step;
            EXPECT_EQ(left->loss, right->loss) << "step " << step;
        }
    }

    TempFolder dir_;
    lab::TrainOptions options_;
};

TEST_F(StoppedRun, EvaluationCutShortIsMadeUp) {
    const auto unbroken = whole();
    const auto run = stopped_in_evaluation(20);
    ASSERT_EQ(records_of(run).size(), 20u);
    ASSERT_TRUE(std::isnan(records_of(run).back().valid_loss)) << "the stop missed the evaluation";
    ASSERT_FALSE(std::filesystem::exists(RunFolder::open(run, false)->eval_path(20)));
    resume(run);
    expect_same_course(unbroken, run);
    expect_same_evaluations(unbroken, run);
}

TEST_F(StoppedRun, LastEvaluationCutShortLeavesTheRunOpenAndIsMadeUp) {
    const auto unbroken = whole();
    const auto run = stopped_in_evaluation(24);
    ASSERT_EQ(records_of(run).size(), 24u);
    EXPECT_EQ(json::parse(bytes_of(run + "/run.json")).at("state"), "paused");
    resume(run);
    EXPECT_EQ(json::parse(bytes_of(run + "/run.json")).at("state"), "done");
    expect_same_course(unbroken, run);
    expect_same_evaluations(unbroken, run);
}

}  // namespace
}  // namespace hopscope::core
