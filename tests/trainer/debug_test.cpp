// If these fail, a run that is killed while it writes does not come back whole and bit for bit, or
// a fault is forced on someone who did not ask for it.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/debug_points.h"
#include "core/config/parse.h"
#include "core/run/event_log.h"
#include "core/run/run_folder.h"
#include "core/trainer/run_trainer.h"
#include "tests/trainer/trained_run.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;
namespace fs = std::filesystem;

constexpr int64_t kDebugSteps = 12;
// Everything is due every fourth update, so that each of its points is passed three times.
const std::vector<std::string> kDebugRun = {"train.steps=12",           "train.eval_every=4",
                                            "train.checkpoint_every=4", "train.snapshot_every=4",
                                            "train.keep_checkpoints=1", "train.threads=1",
                                            "train.grad_accum=1"};
const std::string kDebugScript =
    R"({"command": "set", "key": "lr", "value": 0.002, "from_step": 5})";

json run_info(const std::string& run) {
    return json::parse(bytes_of(run + "/run.json"));
}

std::vector<std::string> joint(std::vector<std::string> overrides,
                               const std::vector<std::string>& more) {
    overrides.insert(overrides.end(), more.begin(), more.end());
    return overrides;
}

/// Names below a run that no finished run may have.
std::vector<std::string> leftovers(const std::string& run) {
    std::vector<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(run)) {
        const std::string name = entry.path().filename().string();
        const bool hidden = name.starts_with('.') && name != ".lock";
        if (hidden || name.ends_with(".tmp")) out.push_back(entry.path().string());
    }
    return out;
}

/// The commands of events.jsonl without their times.
std::vector<std::string> commands_of(const std::string& run) {
    std::vector<std::string> out;
    const auto log = read_event_log(run + "/events.jsonl");
    EXPECT_TRUE(log.ok()) << (log ? "" : log.error().message);
    if (!log) return out;
    for (const auto& entry : *log)
        out.push_back(std::to_string(entry.step) + " " + entry.by + " " + to_json(entry.command));
    return out;
}

class DebugRuns : public SharedRuns {
  protected:
    static void SetUpTestSuite() {
        SharedRuns::SetUpTestSuite();
        ASSERT_TRUE(train("whole").ok());
    }
    static lab::TrainOptions order(const std::string& name, std::vector<std::string> more = {},
                                   bool resume = false) {
        lab::TrainOptions o;
        o.config_path = *runs_ / "c.toml";
        o.overrides = joint(kDebugRun, more);
        o.out = *runs_ / name;
        o.resume = resume;
        o.allow_debug = true;
        if (!resume) o.script = {*parse_training_command(kDebugScript)};
        return o;
    }
    static Result<std::string> train(const std::string& name, std::vector<std::string> more = {},
                                     bool resume = false) {
        return lab::train(order(name, std::move(more), resume));
    }
    /// Whether a process that trains the run dies, as it is told to.
    static bool killed(const std::string& name, const std::vector<std::string>& debug) {
        const std::string run = *runs_ / name;
        return train_and_kill(*runs_ / "c.toml", run, is_run_folder(run), 1000, kDebugScript,
                              joint(kDebugRun, debug));
    }
    static std::string whole() { return *runs_ / "whole"; }
    static void expect_as_whole(const std::string& run) {
        expect_same_course(whole(), run);
        expect_same_checkpoint(whole(), run, kDebugSteps);
        EXPECT_EQ(leftovers(run), std::vector<std::string>());
        EXPECT_EQ(commands_of(run), commands_of(whole()));
        EXPECT_EQ(bytes_of(run + "/config.toml"), bytes_of(whole() + "/config.toml"));
        EXPECT_EQ(run_info(run).at("state"), "done");
        for (const int64_t step : {4, 8, 12}) {
            const auto path = "/eval/" + step_name(step, ".json");
            EXPECT_EQ(json::parse(bytes_of(run + path)).at("batches"),
                      json::parse(bytes_of(whole() + path)).at("batches"));
            EXPECT_TRUE(read_geometry(run + "/geometry/" + step_name(step, ".safetensors")).ok());
        }
    }
};

TEST_F(DebugRuns, AreMarkedAndOthersAreNot) {
    EXPECT_FALSE(run_info(whole()).contains("debug"));
    EXPECT_EQ(bytes_of(whole() + "/config.toml").find("debug"), std::string::npos);
    ASSERT_TRUE(train("slow", {"debug.slow_writer_ms=2"}).ok());
    const std::string run = *runs_ / "slow";
    EXPECT_EQ(run_info(run).at("debug"), true);
    EXPECT_NE(bytes_of(run + "/config.toml").find("\n[debug]\n"), std::string::npos);
    expect_same_course(whole(), run);
}

class WritePoint : public DebugRuns, public ::testing::WithParamInterface<std::string_view> {
  protected:
    /// A run up to update 4, whose evaluation was cut short by a stop.
    static void leave_owing(const std::string& name) {
        SessionOptions o;
        o.config = *load_config(*runs_ / "c.toml", kDebugRun);
        o.config_name = "c";
        o.run_dir = *runs_ / name;
        o.headless = true;
        o.script = {*parse_training_command(kDebugScript)};
        Progress quiet;
        quiet.report = [](const std::string&, double) {};
        quiet.cancelled = [] { return false; };
        RunStatus status;
        RunTrainer trainer(o);
        ASSERT_TRUE(trainer.prepare(quiet, status).ok());
        while (trainer.step() < 4) {
            auto record = trainer.update([] {});
            ASSERT_TRUE(record.ok());
            ASSERT_TRUE(trainer.record(*record).ok());
        }
        ASSERT_TRUE(trainer.save_geometry(*trainer.geometry()).ok());
        ASSERT_TRUE(trainer.checkpoint().ok());
        ASSERT_TRUE(trainer.write_state(RunState::paused, "").ok());
    }
};

TEST_P(WritePoint, KilledThereARunComesBackWhole) {
    const std::string name = "at_" + std::string(GetParam()), run = *runs_ / name;
    std::vector<std::string> debug = {"debug.kill_at=" + std::string(GetParam())};
    // Points that a plain run does not come to.
    if (GetParam() == "checkpoint.replace") debug.push_back("debug.nan_at_step=8");
    if (GetParam() == "metrics.rename") leave_owing(name);
    ASSERT_TRUE(killed(name, debug)) << "never came to the point";
    // Once more where the run is gone on with; killed while it was made, it is none yet.
    if (!is_run_folder(run)) {
        ASSERT_TRUE(killed(name, {"debug.kill_at=metrics.append:6"}));
    }
    ASSERT_TRUE(killed(name, debug)) << "never came to the point again";
    const auto done = train(name, {}, /*resume=*/true);
    ASSERT_TRUE(done.ok()) << done.error().message;
    expect_as_whole(run);
    EXPECT_EQ(run_info(run).at("debug"), true) << "once forced, always said";
}

INSTANTIATE_TEST_SUITE_P(All, WritePoint, ::testing::ValuesIn(debug_point_names()),
                         [](const auto& point) {
                             std::string name(point.param);
                             std::replace(name.begin(), name.end(), '.', '_');
                             return name;
                         });

TEST_F(DebugRuns, NotANumberStopsBeforeTheUpdate) {
    const auto stopped = train("nan", {"debug.nan_at_step=6"});
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().kind, ErrorKind::failed);
    EXPECT_EQ(stopped.error().message.rfind("the loss of update 6 is nan", 0), 0u)
        << stopped.error().message;
    EXPECT_NE(stopped.error().message.find("Its tokens are in bad_batch_6.json."),
              std::string::npos)
        << stopped.error().message;
    const std::string run = *runs_ / "nan";
    EXPECT_EQ(run_info(run).at("state"), "failed: " + stopped.error().message);
    EXPECT_EQ(records_of(run).size(), 6u);
    EXPECT_EQ(RunFolder::open(run, false)->checkpoints().newest_complete()->step, 6);
    EXPECT_TRUE(fs::exists(run + "/bad_batch_6.json"));
    EXPECT_EQ(leftovers(run), std::vector<std::string>());
    const auto done = train("nan", {}, /*resume=*/true);
    ASSERT_TRUE(done.ok()) << done.error().message;
    expect_as_whole(run);
}

TEST_F(DebugRuns, PublicationsAreSkipped) {
    ASSERT_TRUE(train("unseen", {"debug.skip_publication=true"}).ok());
    EXPECT_TRUE(fs::is_empty(*runs_ / "unseen/geometry"));
    expect_same_course(whole(), *runs_ / "unseen");
}

TEST_F(DebugRuns, ANewRunIsMadeInTheReferenceForm) {
    ASSERT_TRUE(train("reference", {"debug.reference_kernels=true", "train.steps=6"}).ok());
    const json form = run_info(*runs_ / "reference").at("kernel_choices");
    EXPECT_EQ(form.size(), 5u);
    for (const auto& [name, choice] : form.items()) EXPECT_EQ(choice, "reference") << name;
    const auto changed = train("reference", {"train.steps=8"}, /*resume=*/true);
    ASSERT_FALSE(changed.ok());
    EXPECT_NE(changed.error().message.find("debug.reference_kernels: true → false"),
              std::string::npos)
        << changed.error().message;
}

TEST_F(DebugRuns, AreRefusedWithoutTheFlag) {
    const auto refused = [](const Result<std::string>& got, const std::string& file,
                            const std::string& key) {
        ASSERT_FALSE(got.ok());
        EXPECT_EQ(got.error().kind, ErrorKind::usage) << "exit 2";
        for (const auto& part : {file, key, std::string("--allow-debug")})
            EXPECT_NE(got.error().message.find(part), std::string::npos) << got.error().message;
    };
    const std::string set = "debug.slow_writer_ms=1", key = "debug.slow_writer_ms: found 1";
    auto o = order("asked", {set});
    o.allow_debug = false;
    refused(lab::train(o), "c.toml", key);
    EXPECT_FALSE(fs::exists(o.out));

    ASSERT_TRUE(train("asked", {set, "train.steps=6"}).ok());
    o = order("asked", {}, /*resume=*/true);
    o.allow_debug = false;
    const auto before = bytes_of(o.out + "/run.json");
    refused(lab::train(o), o.out + "/config.toml", key);
    o.config_path.clear();
    refused(lab::train(o), o.out + "/config.toml", key);
    EXPECT_EQ(bytes_of(o.out + "/run.json"), before);
    o.allow_debug = true;
    EXPECT_TRUE(lab::train(o).ok());

    lab::RaceOptions race;
    fs::copy_file(*runs_ / "c.toml", *runs_ / "d.toml");
    race.config_paths = {*runs_ / "c.toml", *runs_ / "d.toml"};
    race.overrides = joint(kDebugRun, {set});
    race.out = *runs_ / "race";
    refused(lab::race(race), "c.toml", key);
    lab::BatchOptions batch;
    batch.file = *runs_ / "b.toml";
    std::ofstream(batch.file) << "[[run]]\nconfig = \"c.toml\"\n";
    batch.overrides = joint(kDebugRun, {set});
    batch.out = *runs_ / "batch";
    refused(lab::batch(batch), "b.toml", key);
    EXPECT_FALSE(fs::exists(batch.out));
}

/// A look changes nothing and is free; training what was looked at is asked about.
TEST_F(DebugRuns, LookedAtARunIsNotTrainedWithoutTheFlag) {
    ASSERT_TRUE(train("looked_at", {"debug.slow_writer_ms=1", "train.steps=6"}).ok());
    SessionOptions o;
    o.run_dir = *runs_ / "looked_at";
    o.config = *load_config(o.run_dir + "/config.toml", {"train.steps=8"});
    o.open_only = true;
    Progress quiet;
    quiet.report = [](const std::string&, double) {};
    quiet.cancelled = [] { return false; };
    for (const bool allowed : {false, true}) {
        o.allow_debug = allowed;
        RunStatus status;
        RunTrainer trainer(o);
        ASSERT_TRUE(trainer.prepare(quiet, status).ok());
        EXPECT_EQ(trainer.update([] {}).ok(), allowed);
    }
}

}  // namespace
}  // namespace hopscope::core
