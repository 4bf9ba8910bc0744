// The commands that train more than one run: what they hand to the laboratory, what they print, and
// how they end.
#include <gtest/gtest.h>

#include "tests/app/cli/calls.h"

namespace hopscope::app::testing {
namespace {

class Runs : public Calls {
  protected:
    static void has(const std::string& text, const std::string& part) {
        EXPECT_NE(text.find(part), std::string::npos) << "missing: " << part << "\n" << text;
    }
    static core::ScalarRecord record(int32_t lane, int64_t step, float loss) {
        core::ScalarRecord out;
        out.lane = lane;
        out.step = step;
        out.loss = loss;
        return out;
    }
};

constexpr const char* kBatch = R"({"format": "hopscope.batch/1", "state": "STATE", "runs": [
 {"run": "wide-seed42", "variant": "wide", "seed": 42, "state": "done", "steps": 12, "tokens": 1536,
  "seconds": 1.5, "valid_loss": 2.5, "perplexity": 12.182, "best_valid_loss": 2.25,
  "best_perplexity": 9.4877},
 {"run": "deep-seed42", "variant": "deep", "seed": 42, "state": "failed", "steps": 0, "tokens": 0,
  "seconds": 0.0, "valid_loss": null, "perplexity": null, "best_valid_loss": null,
  "best_perplexity": null, "reason": "no text"}],
 "variants": [{"variant": "wide", "n": 1, "valid_loss": {"mean": 2.5, "std": 0.125},
  "perplexity": {"mean": 12.182, "std": null}, "best_valid_loss": {"mean": 2.25, "std": null},
  "best_perplexity": {"mean": 9.4877, "std": null}, "seconds": {"mean": 1.5, "std": null}}]})";

std::string batch_in(const std::string& state) {
    std::string text = kBatch;
    return text.replace(text.find("STATE"), 5, state);
}

// Fails if a batch with a broken run looked like success, or its table left out what is compared.
TEST_F(Runs, BatchEndsWithItsTableAndTheFailures) {
    fake_lab().answer = batch_in("failed");
    fake_lab().while_batch = [](const core::lab::BatchOptions& options) {
        options.on_run({"wide-seed42", 1, 2, core::lab::BatchRunBegin::resumed});
        options.on_step(record(0, 12, 2.5f), {});
        options.on_run({"deep-seed42", 2, 2, core::lab::BatchRunBegin::started});
    };
    const Outcome got = run({"batch", "--file", "b.toml", "--out", "runs/b", "--device", "cpu"});
    EXPECT_EQ(got.code, 1);
    EXPECT_EQ(fake_lab().batch->file, "b.toml");
    EXPECT_EQ(fake_lab().batch->out, "runs/b");
    EXPECT_EQ(fake_lab().batch->device, core::DeviceKind::cpu);
    EXPECT_TRUE(world.signals_caught);
    has(got.out, "wide-seed42    done     12    1536         2.5      12.182");
    has(got.out, "2.5 ± 0.125");
    has(got.err, "run 1 of 2: wide-seed42, going on where it stopped");
    has(got.err, "step 12/0  loss 2.5000");
    has(got.err, "failed: deep-seed42: no text");
}

TEST_F(Runs, BatchExitCodesFollowItsState) {
    fake_lab().answer = batch_in("interrupted");
    Outcome got =
        run({"batch", "--file", "b.toml", "--out", "runs/b", "--set", "data.train=a b.txt"});
    EXPECT_EQ(got.code, 130);
    EXPECT_EQ(fake_lab().batch->overrides, (std::vector<std::string>{"data.train=a b.txt"}));
    has(got.err,
        "go on with: hopscope batch --file b.toml --out runs/b --set 'data.train=a b.txt'\n");
    fake_lab().answer = batch_in("done");
    got = run({"batch", "--file", "b.toml", "--out", "runs/b", "--json"});
    EXPECT_EQ(got.code, 0);
    EXPECT_EQ(got.out, fake_lab().answer + "\n");
    EXPECT_EQ(run({"batch", "--out", "runs/b"}).code, 2);
    fake_lab().error = core::usage_error("b.toml:3: run.seeds");
    got = run({"batch", "--file", "b.toml", "--out", "runs/b"});
    EXPECT_EQ(got.code, 2);
    EXPECT_EQ(got.out, "");
}

constexpr const char* kRace = R"({"format": "hopscope.race/1", "state": "done", "lanes": [
 {"name": "wide", "state": "done", "step": 2, "tokens": 256, "valid_loss": 2.5, "perplexity": 12.2,
  "parameters": 1000, "seconds": 1.0},
 {"name": "deep", "state": "LANE", "step": 2, "tokens": 256, "valid_loss": 2.0, "perplexity": 7.4,
  "parameters": 1000, "seconds": 2.0, "reason": "the loss is nan"}],
 "crossings": [{"a": "wide", "b": "deep", "step": 2, "tokens": 256, "quantity": "valid_loss",
  "ahead": "deep", "seconds": {"a": 1.0, "b": 2.0}}], "crossings_by_seconds": []})";

// Fails if the line of a round left out a lane, came for each lane, or a lane's failure passed for
// success.
TEST_F(Runs, RacePrintsALineARoundAndItsCrossings) {
    std::string answer = kRace;
    fake_lab().answer = answer.replace(answer.find("LANE"), 4, "done");
    fake_lab().while_racing = [&](const core::lab::RaceOptions& options) {
        core::RunStatus status;
        status.steps = 2;
        status.lanes = {"wide", "deep"};
        for (int64_t step = 1; step <= 2; ++step)
            for (int32_t lane = 0; lane < 2; ++lane) {
                auto r = record(lane, step, 5.0f - static_cast<float>(step + lane));
                if (step == 2) r.valid_loss = 2.5f;
                options.on_step(r, status);
                world.now += 20;
            }
    };
    const std::vector<std::string> args = {"race",     "--config",  "wide.toml",
                                           "--config", "deep.toml", "--out",
                                           "runs/r",   "--set",     "train.steps=2"};
    Outcome got = run(args);
    EXPECT_EQ(got.code, 0) << got.err;
    EXPECT_EQ(fake_lab().race->config_paths, (std::vector<std::string>{"wide.toml", "deep.toml"}));
    EXPECT_EQ(fake_lab().race->overrides, (std::vector<std::string>{"train.steps=2"}));
    EXPECT_EQ(got.err,
              "step 1/2  wide 4.0000  deep 3.0000\n"
              "step 2/2  wide 3.0000 (valid 2.5000)  deep 2.0000 (valid 2.5000)\n");
    has(got.out, "deep            wide  valid_loss     2     256");
    answer = kRace;
    fake_lab().answer = answer.replace(answer.find("LANE"), 4, "failed");
    got = run(args);
    EXPECT_EQ(got.code, 1);
    has(got.err, "failed: deep: the loss is nan");
    fake_lab().error = core::Error{core::ErrorKind::interrupted, "stopped at step 1"};
    got = run(args);
    EXPECT_EQ(got.code, 130);
    has(got.err, "hopscope race --resume --out runs/r");
}

// Fails if a lane that is ahead, and waits for the others of a race that goes on, is told as nan.
TEST_F(Runs, LanesThatWaitAreToldSo) {
    std::string answer = kRace;
    fake_lab().answer = answer.replace(answer.find("LANE"), 4, "done");
    for (const int32_t behind : {0, 1}) {
        fake_lab().while_racing = [&](const core::lab::RaceOptions& options) {
            core::RunStatus status;
            status.steps = 12;
            status.lanes = {"wide", "deep"};
            options.on_step(record(behind, 5, 4.0f), status);
        };
        const Outcome got = run({"race", "--resume", "--out", "runs/r"});
        EXPECT_EQ(got.err, behind == 0 ? "step 5/12  wide 4.0000  deep waits\n"
                                       : "step 5/12  wide waits  deep 4.0000\n");
    }
}

}  // namespace
}  // namespace hopscope::app::testing
