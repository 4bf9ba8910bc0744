// If these fail, a fork disturbs the run it was taken from, its copy is no copy, or the difference
// on disk is not that of the two.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/config/parse.h"
#include "core/session/headless.h"
#include "core/session/make_session.h"
#include "core/trainer/fork_trainer.h"
#include "core/trainer/race_trainer.h"
#include "tests/session/same_fork.h"
#include "tests/trainer/run_helpers.h"

namespace hopscope::core {
namespace {

using namespace hopscope::test;
using nlohmann::json;

constexpr int64_t kSteps = 24;
const std::string kSteer = R"({"command": "steer", "layer": 0, "expert": 3, "lambda": 2.0})";

std::string fork_with(const std::string& inner, int64_t step) {
    return json({{"command", "fork"}, {"with", inner}, {"from_step", step}}).dump();
}
std::string at(int64_t step, const std::string& line) {
    auto command = json::parse(line);
    command["from_step"] = step;
    return command.dump();
}

/// What a session left when it had ended.
struct Course {
    RunStatus status;
    std::vector<Answer> answers;      ///< to what was given
    std::vector<Answer> all_answers;  ///< and to what controlled it, now or earlier
    std::string messages;
    std::vector<ScalarRecord> records;
    std::string refusal(size_t command) const {
        EXPECT_EQ(answers.at(command).state, AnswerState::refused);
        return answers.at(command).reason;
    }
};

class Fork : public ::testing::Test {
  protected:
    Fork()
        : corpus_(write_corpus(dir_ / "corpus.txt", 1500)),
          config_(write_config(dir_ / "tiny.toml", corpus_)),
          overrides_({"train.steps=" + std::to_string(kSteps), "train.eval_every=4"}) {}

    SessionOptions options(const std::string& name) {
        SessionOptions out;
        auto config = load_config(config_, overrides_);
        EXPECT_TRUE(config.ok()) << (config ? "" : config.error().message);
        out.config = *config;
        out.config_name = "tiny";
        out.run_dir = dir_ / name;
        out.headless = true;
        out.start = false;
        out.resume = std::filesystem::exists(out.run_dir + "/run.json");
        return out;
    }

    /// Trains to the end, or to a pause, where it is stopped; `commands` are submitted before the
    /// first update, `look` is called with each record.
    Course go(const std::string& name, const std::vector<std::string>& commands) {
        SessionOptions o = options(name);
        const HeadlessWake wake;
        o.wake = wake.callback();
        auto trainer = std::make_unique<ForkTrainer>(o, available_);
        const auto session = make_session(std::move(o), std::move(trainer), nullptr);
        const auto wait = [&](const std::function<bool(const RunStatus&)>& condition) {
            for (;;) {
                const uint64_t ticket = wake.bell->ticket();
                const RunStatus status = session->status();
                if (condition(status) || is_final(status.state)) return;
                wake.bell->wait(ticket);
            }
        };
        wait([](const RunStatus& s) { return s.state == RunState::paused; });
        Course course;
        std::set<uint64_t> given;
        for (const auto& line : commands) {
            const auto command = parse_command(line);
            EXPECT_TRUE(command.ok()) << (command ? "" : command.error().message);
            if (command) given.insert(session->submit(*command, "test"));
        }
        const uint64_t resumed = session->submit({CommandKind::resume, {}}, "test");
        wait([&](const RunStatus& s) {
            const size_t before = course.records.size();
            session->drain_scalars(course.records);
            for (size_t i = before; look_ && i < course.records.size(); ++i)
                look_(course.records[i]);
            const auto answers = session->answers();
            return s.state == RunState::paused &&
                   std::any_of(answers.begin(), answers.end(), [&](const Answer& a) {
                       return a.id == resumed && a.state != AnswerState::pending;
                   });
        });
        session->submit({CommandKind::stop, {}}, "test");
        wait([](const RunStatus&) { return false; });
        session->close();
        wait([&](const RunStatus&) { return session->finished(); });
        course.status = session->status();
        // What an earlier session was commanded stands before it in the list.
        course.all_answers = session->answers();
        std::copy_if(course.all_answers.begin(), course.all_answers.end(),
                     std::back_inserter(course.answers),
                     [&](const Answer& answer) { return given.count(answer.id) > 0; });
        session->drain_scalars(course.records);
        for (const auto& message : session->drain_messages()) course.messages += message + "\n";
        return course;
    }
    std::string plain() {
        if (!std::filesystem::exists(dir_ / "plain")) {
            lab::TrainOptions o;
            o.config_path = config_;
            o.overrides = overrides_;
            o.out = dir_ / "plain";
            const auto result = lab::train(o);
            EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message);
        }
        return dir_ / "plain";
    }
    std::string fork_of(const std::string& name, int64_t step) {
        return dir_ / (name + "/forks/" + step_name(step));
    }
    static json info(const std::string& run) { return json::parse(bytes_of(run + "/run.json")); }
    static void expect_same_end(const std::string& a, const std::string& b) {
        expect_same_checkpoint(a, b, kSteps);
    }
    /// Column → text of each row.
    static std::map<std::string, std::vector<std::string>> table(const std::string& path) {
        std::istringstream in(bytes_of(path));
        std::string line;
        std::getline(in, line);
        EXPECT_EQ(line.rfind("# updates,tokens,nats", 0), 0u) << "units first";
        const auto cells = [](const std::string& text) {
            std::vector<std::string> out(1);
            for (const char c : text)
                if (c == ',')
                    out.emplace_back();
                else
                    out.back() += c;
            return out;
        };
        std::getline(in, line);
        const auto names = cells(line);
        std::map<std::string, std::vector<std::string>> out;
        while (std::getline(in, line)) {
            const auto row = cells(line);
            EXPECT_EQ(row.size(), names.size()) << line;
            for (size_t i = 0; i < names.size() && i < row.size(); ++i)
                out[names[i]].push_back(row[i]);
        }
        return out;
    }
    /// difference.csv against the curves and evaluations of both runs.
    static void expect_difference(const std::string& run, const std::string& fork, int64_t step) {
        auto file = table(fork + "/difference.csv");
        const auto a = records_of(run), b = records_of(fork);
        ASSERT_EQ(file["step"].size(), b.size() - static_cast<size_t>(step));
        for (size_t row = 0; row < file["step"].size(); ++row) {
            const size_t i = static_cast<size_t>(step) + row;
            EXPECT_EQ(std::stoll(file["step"][row]), b[i].step);
            EXPECT_EQ(std::stoll(file["tokens"][row]), b[i].tokens);
            EXPECT_EQ(std::stof(file["loss_run"][row]), a[i].loss);
            EXPECT_EQ(std::stof(file["loss_fork"][row]), b[i].loss);
            EXPECT_EQ(std::stod(file["loss_difference"][row]),
                      static_cast<double>(b[i].loss) - static_cast<double>(a[i].loss));
            ASSERT_EQ(file["valid_difference"][row].empty(), std::isnan(b[i].valid_loss));
            if (std::isnan(b[i].valid_loss)) continue;
            const double difference = std::stod(file["valid_difference"][row]);
            EXPECT_NEAR(difference, b[i].valid_loss - a[i].valid_loss, 2e-6);
            EXPECT_NEAR(std::stod(file["valid_loss_run"][row]), a[i].valid_loss, 2e-6);
            EXPECT_NEAR(std::stod(file["valid_loss_fork"][row]), b[i].valid_loss, 2e-6);
            EXPECT_LE(std::stod(file["valid_low"][row]), difference);
            EXPECT_GE(std::stod(file["valid_high"][row]), difference);
        }
    }

    TempFolder dir_;
    std::string corpus_, config_;
    std::vector<std::string> overrides_;
    ForkTrainer::Available available_ = [](const at::Device&) { return int64_t{1} << 40; };
    std::function<void(const ScalarRecord&)> look_;
};

TEST_F(Fork, UntouchedCopyIsTheRunBitForBit) {
    const Course course = go("a", {at(7, R"({"command": "fork"})")});
    const std::string run = dir_ / "a", fork = fork_of("a", 7);
    EXPECT_EQ(course.status.state, RunState::done) << course.status.reason;
    EXPECT_EQ(course.answers.at(0).state, AnswerState::applied) << course.answers.at(0).reason;
    EXPECT_EQ(course.answers.at(0).step, 7);
    expect_same_course(plain(), run);
    expect_same_end(plain(), run);
    expect_same_course(run, fork);
    expect_same_end(run, fork);
    expect_difference(run, fork, 7);
    auto differences = table(fork + "/difference.csv");
    for (const auto& cell : differences["loss_difference"]) EXPECT_EQ(std::stod(cell), 0);
    for (const char* file : {"/tokenizer.model", "/config.toml", "/data/train.tokens"})
        EXPECT_EQ(bytes_of(run + file), bytes_of(fork + file)) << file;
    // In turn, each of the copy's after the run's of the same step.
    std::vector<std::pair<int64_t, int32_t>> turns, expected;
    for (const auto& r : course.records) turns.emplace_back(r.step, r.lane);
    for (int64_t s = 1; s <= kSteps; ++s) {
        expected.emplace_back(s, 0);
        if (s > 7) expected.emplace_back(s, 1);
    }
    EXPECT_EQ(turns, expected);
    EXPECT_EQ(course.status.lanes, (std::vector<std::string>{"a", "fork at step 7"}));
    EXPECT_EQ(course.status.fork.valid, 0);
    EXPECT_EQ(course.status.fork.valid_step, kSteps);
    EXPECT_EQ(course.status.fork.updates, kSteps - 7);
    EXPECT_EQ(info(fork).at("state"), "done");
    EXPECT_EQ(info(fork).at("forked_from"), json({{"run", "a"}, {"step", 7}, {"with", ""}}));
    lab::EvalOptions eval;
    eval.run = fork;
    eval.batches = 2;
    EXPECT_TRUE(lab::eval(eval).ok()) << "a fork must be a plain run";
}

TEST_F(Fork, InterventionActsOnTheCopyAloneAndItsLogReplays) {
    const std::string lower = R"({"command": "set", "key": "lr", "value": 0.002})",
                      lowest = R"({"command": "set", "key": "lr", "value": 0.001})";
    const std::vector<std::string> common = {at(3, lower), at(12, lowest)};
    go("b", {common[0], fork_with(kSteer, 6), common[1]});
    go("twin", common);
    const std::string run = dir_ / "b", fork = fork_of("b", 6);
    expect_same_course(dir_ / "twin", run);
    expect_same_end(dir_ / "twin", run);
    const auto a = records_of(run), b = records_of(fork);
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].loss == b[i].loss, i < 6) << "step " << a[i].step;
        EXPECT_EQ(a[i].lr, b[i].lr) << "later changes act on both";
    }
    expect_difference(run, fork, 6);
    // The fork's own log, on a run of its own, gives its course: nothing else was different.
    const auto logged = read_event_log(fork + "/events.jsonl");
    ASSERT_TRUE(logged.ok());
    ASSERT_EQ(logged->size(), 3u);
    EXPECT_EQ((*logged)[1].by, "fork");
    EXPECT_EQ((*logged)[1].step, 6);
    std::vector<std::string> script;
    for (const auto& entry : *logged) script.push_back(at(entry.step, to_json(entry.command)));
    go("replayed", script);
    expect_same_course(dir_ / "replayed", fork);
    expect_same_end(dir_ / "replayed", fork);
}

TEST_F(Fork, EndsWithItsRunAndBothGoOnExactly) {
    const std::string set = R"({"command": "set", "key": "lr", "value": 0.002})";
    go("whole", {at(5, set), fork_with(kSteer, 8), at(11, set)});
    const Course part =
        go("c", {at(5, set), fork_with(kSteer, 8), at(11, set), at(13, R"({"command": "pause"})")});
    const std::string run = dir_ / "c", fork = fork_of("c", 8);
    EXPECT_EQ(part.status.state, RunState::stopped);
    EXPECT_EQ(records_of(fork).back().step, 13);
    EXPECT_EQ(info(fork).at("state"), "paused");
    EXPECT_TRUE(std::filesystem::exists(fork + "/checkpoints/step_00000013"));
    // As after a kill at step 13, whose newest checkpoint is that of step 10: the fork is not made
    // again, and the change of step 11 is.
    std::filesystem::remove_all(run + "/checkpoints/step_00000013");
    auto killed = info(fork);
    killed["state"] = "running";
    std::ofstream(fork + "/run.json") << killed.dump();
    const std::string before = bytes_of(fork + "/metrics.csv");
    const Course rest = go("c", {});
    EXPECT_EQ(rest.status.state, RunState::done) << rest.status.reason;
    EXPECT_TRUE(rest.status.lanes.empty()) << "the fork was trained on";
    expect_same_course(dir_ / "whole", run);
    expect_same_end(dir_ / "whole", run);
    EXPECT_EQ(bytes_of(fork + "/metrics.csv"), before);
    EXPECT_EQ(info(fork).at("state"), "paused: the run was resumed at step 10");
    // By itself it goes on as it would have beside the run.
    lab::TrainOptions alone;
    alone.out = fork;
    alone.resume = true;
    const auto result = lab::train(alone);
    ASSERT_TRUE(result.ok()) << result.error().message;
    expect_same_course(fork_of("whole", 8), fork);
    expect_same_end(fork_of("whole", 8), fork);
}

TEST_F(Fork, WhatIsSavedIsNotSavedAgain) {
    const Course course = go("e", {R"({"command": "fork"})", at(3, R"({"command": "checkpoint"})"),
                                   at(3, R"({"command": "pause"})")});
    EXPECT_TRUE(std::filesystem::exists(fork_of("e", 0) + "/checkpoints/step_00000003"));
    const std::string said = "step 3 checkpoint written";
    const size_t first = course.messages.find(said);
    ASSERT_NE(first, std::string::npos) << course.messages;
    EXPECT_EQ(course.messages.find(said, first + 1), std::string::npos) << course.messages;
}

TEST_F(Fork, EndedOneMakesRoomForTheNext) {
    const Course course =
        go("d", {R"({"command": "fork"})", fork_with(kSteer, 9),
                 at(10, R"({"command": "fork", "end": true})"),
                 at(10, R"({"command": "fork", "end": true})"), fork_with(kSteer, 12)});
    EXPECT_NE(course.refusal(1).find("fork at step 0 is still being trained"), std::string::npos);
    EXPECT_NE(course.refusal(3).find("none to end"), std::string::npos);
    EXPECT_EQ(records_of(fork_of("d", 0)).back().step, 10);
    EXPECT_EQ(info(fork_of("d", 0)).at("state"), "paused: ended at step 10");
    EXPECT_EQ(info(fork_of("d", 12)).at("state"), "done");
    EXPECT_EQ(course.status.lanes,
              (std::vector<std::string>{"d", "fork at step 0", "fork at step 12"}));
    EXPECT_EQ(course.status.fork.lane, 2);
    EXPECT_EQ(course.records.back().lane, 2);
    EXPECT_EQ(course.status.fork.with, "steer: expert 3, lambda 2.0, layer 0");
    expect_same_course(plain(), dir_ / "d");
    expect_same_end(plain(), dir_ / "d");
}

/// The run as a window opens it, to look at.
struct Opened {
    explicit Opened(SessionOptions options) : trainer(looking(std::move(options))) {
        const auto prepared = trainer.prepare({}, status);
        EXPECT_TRUE(prepared.ok()) << (prepared ? "" : prepared.error().message);
        records = trainer.history();
        past = trainer.past();
    }
    static SessionOptions looking(SessionOptions options) {
        options.headless = options.resume = false;
        options.open_only = true;
        return options;
    }
    ForkTrainer trainer;
    RunStatus status;
    std::vector<ScalarRecord> records;
    std::vector<Answer> past;
};

std::vector<std::string> commands_of(const std::vector<Answer>& answers) {
    std::vector<std::string> out;
    for (const Answer& answer : answers)
        if (answer.state == AnswerState::applied)
            out.push_back(std::to_string(answer.step) + " " + to_json(answer.command));
    std::sort(out.begin(),
              out.end());  // given ahead of its time, a command stands where it was given
    return out;
}

TEST_F(Fork, OpenedAgainTheRunShowsItsForksAndWhatWasDone) {
    // Wrong if a run that is opened later has lost its forks, their curves and intervals, or the
    // list of what was commanded.
    const Course live = go("o", {fork_with(kSteer, 2), at(6, R"({"command": "fork", "end": true})"),
                                 at(9, R"({"command": "set", "key": "lr", "value": 0.002})"),
                                 fork_with(kSteer, 12), at(20, R"({"command": "pause"})")});
    ASSERT_EQ(live.status.fork.lane, 2);
    const Opened opened(options("o"));
    const ForkStatus& is = opened.status.fork;
    EXPECT_EQ(opened.status.lanes, live.status.lanes);
    expect_same_fork(is, live.status.fork);
    EXPECT_GT(is.sequences, 0);
    EXPECT_FALSE(is.alive);
    EXPECT_EQ(is.ended, "left at step 20");
    for (int32_t lane = 0; lane <= 2; ++lane) {
        std::vector<std::pair<int64_t, float>> before, after;
        for (const auto& r : live.records)
            if (r.lane == lane) before.emplace_back(r.step, r.loss);
        for (const auto& r : opened.records)
            if (r.lane == lane) after.emplace_back(r.step, r.loss);
        EXPECT_EQ(after, before) << "lane " << lane;
    }
    EXPECT_EQ(commands_of(opened.past), commands_of(live.all_answers));
}

TEST_F(Fork, WhatIsAppliedAgainIsToldAtItsStep) {
    // Wrong if a run opened at an older checkpoint lists as done what it has yet to do.
    const std::string set = R"({"command": "set", "key": "lr", "value": 0.002})";
    go("r", {at(5, set), at(11, set), at(13, R"({"command": "pause"})")});
    std::filesystem::remove_all(dir_ / "r/checkpoints/step_00000013");
    Opened opened(options("r"));
    EXPECT_EQ(opened.trainer.step(), 10);
    const auto done = commands_of(opened.past);
    ASSERT_EQ(done.size(), 2u) << "the start and the change of step 5";
    EXPECT_EQ(done[1], "5 " + at(5, set));
    ASSERT_TRUE(opened.trainer.update([] {}).ok());
    EXPECT_EQ(commands_of(opened.trainer.past()), (std::vector<std::string>{"11 " + at(11, set)}));
    EXPECT_TRUE(opened.trainer.past().empty());
}

TEST_F(Fork, CopyThatFailsIsLeftBehind) {
    const std::string wild = R"({"command": "set", "key": "lr", "value": 1000000.0})";
    overrides_.push_back("train.clip=1e9");
    const Course course = go("e", {fork_with(wild, 6)});
    EXPECT_EQ(course.status.state, RunState::done) << course.status.reason;
    EXPECT_FALSE(course.status.fork.alive);
    EXPECT_EQ(course.status.fork.ended.rfind("failed: the loss of update", 0), 0u)
        << course.status.fork.ended;
    EXPECT_NE(course.messages.find("no longer trained: failed"), std::string::npos);
    EXPECT_EQ(info(fork_of("e", 6)).at("state"), course.status.fork.ended);
    expect_same_course(plain(), dir_ / "e");
    expect_same_end(plain(), dir_ / "e");
}

TEST_F(Fork, DiskThatFailsTheCopyDoesNotReachTheRun) {
    bool broken = false;
    look_ = [&](const ScalarRecord& r) {
        if (r.lane == 0 || broken) return;
        broken = true;
        // A folder that takes no checkpoint any more.
        std::filesystem::rename(fork_of("f", 3) + "/checkpoints", dir_ / "away");
        std::ofstream(fork_of("f", 3) + "/checkpoints") << "full";
    };
    const Course course = go("f", {at(3, R"({"command": "fork"})")});
    EXPECT_TRUE(broken);
    EXPECT_EQ(course.status.state, RunState::done) << course.status.reason;
    EXPECT_EQ(course.status.fork.ended.rfind("failed: ", 0), 0u) << course.status.fork.ended;
    expect_same_course(plain(), dir_ / "f");
    expect_same_end(plain(), dir_ / "f");
}

TEST_F(Fork, RefusalsSayWhyAndLeaveNothing) {
    const Course course =
        go("g", {fork_with("not json", 2), fork_with(R"({"command": "pause"})", 2),
                 fork_with(R"({"command": "steer", "layer": 9, "expert": 3, "lambda": 1.0})", 2),
                 R"({"command": "fork", "layers": [0], "from_step": 2})",
                 fork_with(R"({"command": "freeze", "what": "nothing"})", 2),
                 fork_with(R"({"command": "fork"})", 2)});
    EXPECT_NE(course.refusal(0).find("one line of JSON"), std::string::npos);
    EXPECT_NE(course.refusal(1).find("found \"pause\""), std::string::npos);
    EXPECT_NE(course.refusal(2).find("layer 9"), std::string::npos) << course.refusal(2);
    EXPECT_NE(course.refusal(3).find("\"layers\""), std::string::npos);
    EXPECT_NE(course.refusal(4).find("routing"), std::string::npos);
    EXPECT_NE(course.refusal(5).find("found \"fork\""), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "g/forks"));
    EXPECT_TRUE(course.status.lanes.empty());

    available_ = [](const at::Device&) { return int64_t{100} << 10; };
    const Course small = go("h", {at(2, R"({"command": "fork"})")});
    EXPECT_NE(small.refusal(0).find("16 bytes for each of " +
                                    std::to_string(small.status.parameters) + " parameters"),
              std::string::npos)
        << small.refusal(0);
    EXPECT_NE(small.refusal(0).find("1 MiB are available"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "h/forks"));
}

TEST_F(Fork, FolderOfAnEarlierForkIsNotOverwritten) {
    go("i", {at(2, R"({"command": "pause"})")});
    const std::string earlier = fork_of("i", 3);
    std::filesystem::create_directories(earlier);
    std::ofstream(earlier + "/mine.txt") << "kept";
    const Course course = go("i", {at(3, R"({"command": "fork"})")});
    EXPECT_NE(course.refusal(0).find(earlier + " exists"), std::string::npos);
    EXPECT_EQ(bytes_of(earlier + "/mine.txt"), "kept");
}

TEST_F(Fork, RaceRefusesIt) {
    SessionOptions o = options("race");
    o.race = {{o.config, "one"}, {o.config, "two"}};
    RaceTrainer race(o);
    const auto refused = race.apply({CommandKind::fork, {}}, "test");
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("\"fork\" is not possible"), std::string::npos);
}

TEST(ForkMemory, RefusalNamesBothFigures) {
    EXPECT_TRUE(check_fork_memory(1000, 16000).ok());
    EXPECT_TRUE(check_fork_memory(1000, -1).ok()) << "unknown is no reason to refuse";
    const auto refused = check_fork_memory(88'080'384, int64_t{512} << 20);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("1,344 MiB"), std::string::npos);
    EXPECT_NE(refused.error().message.find("512 MiB"), std::string::npos);
}

}  // namespace
}  // namespace hopscope::core
