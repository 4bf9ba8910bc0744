// Commands, states and failures of a session over a fake trainer.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <random>
#include <set>
#include <thread>

#include "tests/session/fake_trainer.h"

namespace hopscope::core {
namespace {

using namespace std::chrono_literals;

TEST(Session, WhatIsAppliedAgainIsSaidToAct) {
    // Wrong if a run that was opened at an older checkpoint looks like a plain one once it has
    // come to its freezes again, or does not list them.
    FakeWorld world;
    world.steps = 12;
    world.again_at = 7;
    FakeRun run(world, paused_at_start());
    ASSERT_TRUE(run.wait_state(RunState::paused));
    EXPECT_TRUE(run.session->status().frozen.empty());
    run.session->submit({CommandKind::resume, {}}, "test");
    ASSERT_TRUE(run.wait_state(RunState::done));
    EXPECT_EQ(run.session->status().frozen, std::vector<std::string>{"router"});
    const auto answers = run.session->answers();
    ASSERT_EQ(answers.size(), 2u);
    EXPECT_EQ(answers.back().command.kind, CommandKind::freeze);
    EXPECT_EQ(answers.back().step, 7);
}

TEST(Session, TrainsToTheEndAndSaysSo) {
    // Wrong if a run ends without its records, evaluations, checkpoint or state.
    FakeWorld world;
    world.steps = 20;
    world.eval_every = 10;
    world.checkpoint_every = 8;
    world.snapshot_every = 5;
    FakeRun run(world);
    ASSERT_TRUE(run.wait_state(RunState::done));
    expect_complete(run.drain(), 20);
    EXPECT_EQ(run.drained[9].valid_loss, 2.5f);
    EXPECT_TRUE(std::isnan(run.drained[8].valid_loss));
    EXPECT_EQ(world.recorded().size(), 20u);
    EXPECT_EQ(world.recorded()[19].valid_loss, 2.5f);
    EXPECT_EQ(world.count("evaluate"), 2);
    EXPECT_EQ(world.count("checkpoint"), 3) << "8, 16 and the last";
    EXPECT_EQ(world.count("save_geometry"), 4);
    const RunStatus status = run.session->status();
    EXPECT_EQ(status.step, 20);
    EXPECT_EQ(status.run_name, "fake");
    EXPECT_EQ(status.parameters, 42);
    EXPECT_EQ(status.valid_loss, 2.5f);
    EXPECT_EQ(run.session->geometry()->step, 20);
    EXPECT_FALSE(run.session->finished());
    ASSERT_TRUE(run.close());
    EXPECT_EQ(world.noted().back(), "state done") << "closing a finished run changes nothing";
    EXPECT_FALSE(world.trainer_alive || world.inspector_alive);
    EXPECT_EQ(run.session->status().state, RunState::done);
}

TEST(Session, WhatItIsAtIsSaidNoLongerThanItIs) {
    // Wrong if a run seems to evaluate, to prepare or to write while it trains.
    FakeWorld world;
    world.steps = 12;
    world.eval_every = 4;
    world.checkpoint_every = 6;  // not beside an evaluation, whose end it would say, too
    world.prepare_time = world.evaluation_time = 3ms;
    std::atomic<Session*> session{nullptr};
    std::set<std::string> while_training;
    std::atomic<bool> evaluating{false};
    world.in_update = [&](int64_t) {
        while (!session) std::this_thread::sleep_for(1ms);
        while_training.insert(session.load()->status().activity);
    };
    FakeRun run(world);
    session = run.session.get();
    ASSERT_TRUE(run.wait([&] {
        evaluating = evaluating || run.session->status().activity == "evaluating";
        return run.session->status().state == RunState::done;
    }));
    EXPECT_EQ(while_training, std::set<std::string>{""});
    EXPECT_EQ(run.session->status().activity, "");
    EXPECT_LT(run.session->status().progress, 0);
    ASSERT_TRUE(run.close());
}

TEST(Session, StopInTheLastEvaluationLeavesTheRunOpen) {
    // Wrong if a run counts as done whose last evaluation never ended: nobody would make it up.
    FakeWorld world;
    world.steps = 4;
    world.eval_every = 4;
    world.evaluation_time = 20s;
    FakeRun run(world);
    ASSERT_TRUE(run.wait([&] { return world.count("evaluate") == 1; }));
    run.session->submit({CommandKind::stop, {}}, "test");
    ASSERT_TRUE(run.wait_state(RunState::stopped));
    EXPECT_EQ(world.recorded().size(), 4u);
    EXPECT_EQ(world.count("state done"), 0);
}

TEST(Session, OwedEvaluationComesBeforeTheNextUpdate) {
    // Wrong if a resumed run lacks the validation loss of the step it was stopped at.
    for (const int64_t steps : {6, 4}) {  // with updates to go, and with none
        FakeWorld world;
        world.first_step = 4;
        world.steps = steps;
        world.owes = true;
        FakeRun run(world, without_window(), false);
        ASSERT_TRUE(run.wait_state(RunState::done));
        const auto calls = world.noted();
        const auto at = [&](const std::string& call) {
            return std::find(calls.begin(), calls.end(), call) - calls.begin();
        };
        EXPECT_LT(at("evaluate"), at("make_up"));
        EXPECT_LT(at("make_up"), at("state done"));
        const auto records = run.drain();
        ASSERT_EQ(records.size(), static_cast<size_t>(4 + 1 + steps - 4));
        EXPECT_EQ(records[4].step, 4) << "the completed record comes again";
        EXPECT_EQ(records[4].valid_loss, 2.5f);
        EXPECT_EQ(run.session->status().valid_loss, 2.5f);
    }
    FakeWorld world;  // looking at a run evaluates nothing
    world.first_step = 4;
    world.owes = true;
    SessionOptions look;
    look.open_only = true;
    FakeRun run(world, look);
    ASSERT_TRUE(run.wait_state(RunState::paused));
    ASSERT_TRUE(run.close());
    EXPECT_EQ(world.count("evaluate"), 0);
    FakeWorld whole;  // and one that has made its steps is done, whatever it owes
    whole.first_step = whole.steps = 4;
    whole.owes = true;
    FakeRun seen(whole, look);
    ASSERT_TRUE(seen.wait_state(RunState::done));
    ASSERT_TRUE(seen.close());
    EXPECT_EQ(whole.count("evaluate"), 0);
}

TEST(Session, AnswersNameTheFirstUpdateAffected) {
    // Wrong if the log replays a change one update too early or too late.
    FakeWorld world;
    FakeRun run(world, paused_at_start());
    ASSERT_TRUE(run.wait_state(RunState::paused));
    ASSERT_EQ(run.ask(set_command("lr", 1)).step, 0);
    EXPECT_EQ(run.ask({CommandKind::step, {{"count", int64_t(5)}}}).step, 0);
    ASSERT_TRUE(run.wait([&] { return run.session->status().step == 5; }));
    ASSERT_TRUE(run.wait_state(RunState::paused));
    EXPECT_EQ(run.ask(set_command("lr", 2)).step, 5);
    EXPECT_EQ(run.ask({CommandKind::step, {}}).step, 5);
    ASSERT_TRUE(run.wait([&] { return run.session->status().step == 6; }));
    ASSERT_TRUE(run.wait_state(RunState::paused));
    const auto records = run.drain();
    ASSERT_EQ(records.size(), 6u);
    for (size_t i = 0; i < 6; ++i) EXPECT_EQ(records[i].lr, i < 5 ? 1.0f : 2.0f) << i;
    const auto log = world.log();
    ASSERT_EQ(log.size(), 4u);
    EXPECT_EQ(log[2].step, 5);
    EXPECT_EQ(log[2].by, "test");
    // Single steps do not rewrite run.json.
    EXPECT_EQ(world.count("state paused"), 1);
    EXPECT_EQ(world.count("state running"), 0);
}

TEST(Session, CommandsDuringAnUpdateWaitForItsEnd) {
    // Wrong if a change lands in the middle of an update, between its micro-batches.
    FakeWorld world;
    std::atomic<bool> inside{false}, go_on{false};
    world.in_update = [&](int64_t step) {
        if (step != 3) return;
        inside = true;
        while (!go_on) std::this_thread::sleep_for(1ms);
    };
    FakeRun run(world);
    ASSERT_TRUE(run.wait([&] { return inside.load(); }));
    uint64_t last = 0;
    for (int i = 1; i <= 50; ++i) last = run.session->submit(set_command("lr", i), "window");
    const uint64_t other = run.session->submit(set_command("tau", 7), "window");
    EXPECT_EQ(run.answer(last).state, AnswerState::pending);
    EXPECT_EQ(run.session->answers().size(), 2u) << "a drag leaves its last value only";
    go_on = true;
    ASSERT_TRUE(run.wait([&] { return run.answer(other).state == AnswerState::applied; }));
    EXPECT_EQ(run.answer(last).state, AnswerState::applied);
    EXPECT_EQ(run.answer(last).step, 4);
    EXPECT_EQ(world.log().size(), 2u);
    EXPECT_EQ(world.log()[0].command, *check_command(set_command("lr", 50)));
}

TEST(Session, RefusalsSayWhy) {
    // Wrong if an impossible, unknown or unbuilt command is queued, or refused without a reason.
    FakeWorld world;
    world.refuse_set = "clip";
    FakeRun run(world, paused_at_start());
    ASSERT_TRUE(run.wait_state(RunState::paused));
    const auto reason = [&](const Command& command) {
        const Answer answer = run.ask(command);
        EXPECT_EQ(answer.state, AnswerState::refused) << to_json(command);
        return answer.reason;
    };
    EXPECT_EQ(reason({CommandKind::pause, {}}), refusal(RunState::paused, Action::pause));
    EXPECT_NE(
        reason({CommandKind::fork, {{"with", std::string("{}")}, {"end", true}}}).find("not both"),
        std::string::npos);
    EXPECT_NE(reason({CommandKind::halt, {{"epsilon", 0.1}}}).find("prompts"), std::string::npos);
    EXPECT_NE(reason(set_command("dropout", 2)).find("below 1"), std::string::npos);
    EXPECT_EQ(reason(set_command("clip", 1)), "not this key");
    EXPECT_EQ(world.log().size(), 0u);
}

TEST(Session, PauseResumeAndStopGoThroughTheirStates) {
    // Wrong if run.json or the status line tells another story than what happened.
    FakeWorld world;
    FakeRun run(world);
    ASSERT_TRUE(run.wait([&] { return world.updates > 3; }));
    EXPECT_EQ(run.ask({CommandKind::resume, {}}).reason,
              refusal(RunState::running, Action::resume));
    EXPECT_EQ(run.ask({CommandKind::step, {}}).reason, refusal(RunState::running, Action::step));
    const Answer paused = run.ask({CommandKind::pause, {}});
    EXPECT_EQ(paused.state, AnswerState::applied);
    EXPECT_EQ(run.session->status().state, RunState::paused);
    EXPECT_EQ(world.updates, paused.step) << "an update was made after the pause";
    std::this_thread::sleep_for(20ms);
    EXPECT_EQ(world.updates, paused.step);
    EXPECT_EQ(run.ask({CommandKind::freeze, {{"what", std::string("router")}}}).step, paused.step);
    EXPECT_EQ(run.session->status().frozen, std::vector<std::string>{"router"});
    EXPECT_EQ(run.ask({CommandKind::evaluate, {}}).state, AnswerState::applied);
    EXPECT_EQ(run.session->status().valid_loss, 2.5f);
    EXPECT_EQ(run.ask({CommandKind::checkpoint, {}}).state, AnswerState::applied);
    EXPECT_EQ(run.ask({CommandKind::resume, {}}).step, paused.step);
    ASSERT_TRUE(run.wait([&] { return world.updates > paused.step; }));
    EXPECT_EQ(run.ask({CommandKind::stop, {}}).state, AnswerState::applied);
    ASSERT_TRUE(run.wait_state(RunState::stopped));
    EXPECT_EQ(world.count("checkpoint"), 2);
    EXPECT_EQ(run.ask({CommandKind::resume, {}}).reason,
              refusal(RunState::stopped, Action::resume));
    EXPECT_EQ(run.ask({CommandKind::evaluate, {}}).state, AnswerState::applied);
    expect_complete(run.drain(), world.updates);
    ASSERT_TRUE(run.close());
    std::vector<std::string> states;
    for (const std::string& call : world.noted())
        if (call.starts_with("state ")) states.push_back(call.substr(6));
    EXPECT_EQ(states, (std::vector<std::string>{"running", "paused", "running", "stopped"}));
}

TEST(Session, PauseDuringPreparationIsKept) {
    // Wrong if a pause pressed early is forgotten when training begins.
    FakeWorld world;
    std::atomic<bool> prepared{false};
    world.in_prepare = [&] {
        while (!prepared) std::this_thread::sleep_for(1ms);
    };
    FakeRun run(world);
    ASSERT_TRUE(run.wait_state(RunState::preparing));
    const uint64_t resume = run.session->submit({CommandKind::resume, {}}, "test"),
                   pause = run.session->submit({CommandKind::pause, {}}, "test");
    prepared = true;
    ASSERT_TRUE(run.wait([&] { return run.answer(pause).state != AnswerState::pending; }));
    EXPECT_EQ(run.answer(resume).reason, refusal(RunState::preparing, Action::resume));
    EXPECT_EQ(run.answer(pause).step, 0);
    EXPECT_EQ(run.session->status().state, RunState::paused);
    EXPECT_EQ(world.updates, 0);
}

TEST(Session, LookingAtARunChangesNothingInIt) {
    // Wrong if opening a run folder to look writes to it, or trains.
    FakeWorld world;
    world.first_step = 30;
    SessionOptions options;
    options.open_only = true;
    FakeRun run(world, options);
    ASSERT_TRUE(run.wait_state(RunState::paused));
    expect_complete(run.drain(), 30);
    ASSERT_TRUE(run.wait([&] { return run.session->geometry() != nullptr; }));
    EXPECT_EQ(run.session->geometry()->step, 30);
    ASSERT_TRUE(run.close());
    EXPECT_EQ(world.count("checkpoint"), 0);
    for (const std::string& call : world.noted()) EXPECT_FALSE(call.starts_with("state ")) << call;
    EXPECT_EQ(run.session->status().state, RunState::stopped);
}

// Fails if a run that was changed and made no update since is left without the change: opened
// again, it would go on as if nobody had touched it.
TEST(Session, AChangeIsKeptThoughNoUpdateFollowed) {
    for (const bool changed : {true, false}) {
        FakeWorld world;
        world.first_step = 5;
        FakeRun run(world, paused_at_start());
        ASSERT_TRUE(run.wait_state(RunState::paused));
        if (changed) {
            const Command freeze{CommandKind::freeze, {{"what", std::string("router")}}};
            EXPECT_EQ(run.ask(freeze).state, AnswerState::applied);
        }
        ASSERT_TRUE(run.close());
        EXPECT_EQ(world.count("checkpoint"), changed ? 1 : 0);
        EXPECT_EQ(world.updates, 0);
    }
}

TEST(Session, ClosingForAReasonIsToldInRunJson) {
    // Wrong if a run that lost its window does not say so, or is left without its last steps.
    FakeWorld world;
    FakeRun run(world);
    ASSERT_TRUE(run.wait([&] { return world.updates > 3; }));
    run.session->close("the display was lost");
    run.session->close("too late to count");
    ASSERT_TRUE(run.wait([&] { return run.session->finished(); }));
    EXPECT_EQ(world.count("state stopped: the display was lost"), 1);
    EXPECT_EQ(world.count("checkpoint"), 1);
    EXPECT_EQ(run.session->status().reason, "the display was lost");
}

TEST(Session, ARunWithAllItsStepsIsDone) {
    // Wrong if a finished run is trained further when it is opened.
    FakeWorld world;
    world.first_step = world.steps = 10;
    FakeRun run(world);
    ASSERT_TRUE(run.wait_state(RunState::done));
    EXPECT_EQ(run.ask({CommandKind::step, {}}).reason, refusal(RunState::done, Action::step));
    ASSERT_TRUE(run.close());
    EXPECT_EQ(world.updates, 0);
}

TEST(Session, NanPausesInTheWindowAndMayBeOvercome) {
    // Wrong if a NaN ends the program, loses the state, or is passed over in silence.
    FakeWorld world;
    world.nan_at = 5;
    FakeRun run(world);
    ASSERT_TRUE(run.wait_state(RunState::paused));
    EXPECT_EQ(run.session->status().reason, "the loss is not finite");
    expect_complete(run.drain(), 5);
    EXPECT_EQ(world.count("state paused: the loss is not finite"), 1);
    EXPECT_EQ(run.ask({CommandKind::resume, {}}).state, AnswerState::applied);
    ASSERT_TRUE(run.wait([&] { return world.count("state paused: the loss is not finite") == 2; }));
    EXPECT_EQ(run.ask(set_command("lr", 0.1)).state, AnswerState::applied);
    ASSERT_TRUE(run.close());
    EXPECT_EQ(world.count("checkpoint"), 1) << "the state before the NaN is sound and is kept";
}

TEST(Session, NanFailsARunWithoutWindow) {
    // Wrong if a batch job waits for ever for somebody to press resume.
    FakeWorld world;
    world.nan_at = 5;
    FakeRun run(world, without_window(), false);
    std::atomic<int> interrupt{0};
    std::vector<ScalarRecord> records;
    const auto result = run_headless(
        *run.session, run.wake, {},
        [&](const ScalarRecord& record, const RunStatus&) { records.push_back(record); },
        interrupt);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::failed);
    EXPECT_EQ(result.error().message, "the loss is not finite");
    expect_complete(records, 5);
    EXPECT_EQ(world.noted().back(), "state failed: the loss is not finite");
    EXPECT_TRUE(run.session->finished());
}

TEST(Session, AFullDiskPausesAndGoesOnWhenThereIsRoom) {
    // Wrong if a full disk loses the run or the records made.
    FakeWorld world;
    world.checkpoint_every = 4;
    FakeRun run(world);
    ASSERT_TRUE(run.wait([&] { return world.updates > 2; }));
    world.disk_full = true;
    ASSERT_TRUE(run.wait_state(RunState::paused));
    EXPECT_NE(run.session->status().reason.find("no space left"), std::string::npos);
    EXPECT_NE(run.ask({CommandKind::checkpoint, {}}).reason.find("no space left"),
              std::string::npos);
    world.disk_full = false;
    const int64_t before = world.updates;
    EXPECT_EQ(run.ask({CommandKind::resume, {}}).state, AnswerState::applied);
    ASSERT_TRUE(run.wait([&] { return world.updates > before + 5; }));
    EXPECT_EQ(run.session->status().reason, "");
    run.ask({CommandKind::pause, {}});
    expect_complete(run.drain(), world.updates);
    expect_complete(world.recorded(), world.updates);
}

TEST(Session, AFullDiskAtTheLastCheckpointLeavesAWayToSave) {
    // Wrong if a run with all its steps made trains on, or cannot be saved after making room.
    FakeWorld world;
    world.steps = 6;
    world.in_update = [&](int64_t step) {
        if (step == 5) world.no_checkpoint = true;
    };
    FakeRun run(world);
    ASSERT_TRUE(run.wait_state(RunState::paused));
    world.no_checkpoint = false;
    EXPECT_EQ(run.ask({CommandKind::resume, {}}).state, AnswerState::applied);
    ASSERT_TRUE(run.wait_state(RunState::done));
    EXPECT_EQ(world.updates, 6);
    EXPECT_EQ(world.count("checkpoint"), 2);
}

TEST(Session, AnExceptionFailsTheRunNotTheProgram) {
    // Wrong if a fault in the trainer, at any call, takes the window with it.
    for (const char* where : {"prepare", "evaluate", "checkpoint", "apply", "geometry",
                              "copy_weights", "state running", "save_geometry", "update"}) {
        FakeWorld world;
        world.eval_every = 3;
        world.checkpoint_every = 5;
        world.snapshot_every = 7;
        if (std::string(where) == "update")
            world.throw_at = 4;
        else
            world.throw_in = where;
        FakeRun run(world);
        const uint64_t id = run.session->submit({CommandKind::pause, {}}, "test");
        run.session->request_trace({"abc", {}});
        if (std::string(where) == "apply") {
            run.ask({CommandKind::pause, {}});
            EXPECT_EQ(run.ask(set_command("lr", 1)).state, AnswerState::refused);
        } else {
            run.session->submit({CommandKind::resume, {}}, "test");
        }
        const auto push_on = [&] {
            if (run.session->status().state == RunState::paused)
                run.session->submit({CommandKind::resume, {}}, "test");
            return run.session->status().state == RunState::failed;
        };
        ASSERT_TRUE(run.wait(push_on)) << where;
        EXPECT_NE(run.session->status().reason.find("exploded"), std::string::npos) << where;
        ASSERT_TRUE(run.wait([&] { return run.answer(id).state != AnswerState::pending; }))
            << where;
        EXPECT_EQ(run.ask(set_command("lr", 1)).reason, refusal(RunState::failed, Action::change));
        run.session->request_trace({"xyz", {}});
        ASSERT_TRUE(run.wait([&] {
            const auto trace = run.session->trace();
            return trace && trace->prompt == "xyz";
        })) << where;
        EXPECT_FALSE(run.session->trace()->error.empty()) << where;
        ASSERT_TRUE(run.close()) << where;
        EXPECT_FALSE(world.trainer_alive) << where;
    }
}

TEST(Session, AWrongInputFailsWithItsKind) {
    // Wrong if a bad corpus ends with exit code 1 instead of 2, or is written over.
    FakeWorld world;
    world.prepare_error = "corpus.txt: byte 7 is not UTF-8";
    FakeRun run(world, without_window(), false);
    std::atomic<int> interrupt{0};
    const auto result = run_headless(*run.session, run.wake, {}, {}, interrupt);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::usage);
    EXPECT_EQ(result.error().message, world.prepare_error);
    EXPECT_EQ(world.noted(), std::vector<std::string>{"prepare"});
}

TEST(Session, CloseInEveryPhaseEndsBothThreads) {
    // Wrong if closing the window hangs, or leaves a run without its checkpoint.
    const auto close_when = [](FakeWorld& world, const std::function<bool(FakeRun&)>& when,
                               SessionOptions options = {}) {
        FakeRun run(world, std::move(options));
        EXPECT_TRUE(run.wait([&] { return when(run); }));
        EXPECT_TRUE(run.close());
        EXPECT_FALSE(world.trainer_alive || world.inspector_alive);
        return run.session->status().state;
    };
    {
        FakeWorld world;
        world.prepare_time = 60s;
        const auto begin = Wakeup::Clock::now();
        EXPECT_EQ(close_when(world, [&](FakeRun&) { return world.count("prepare") > 0; }),
                  RunState::stopped);
        EXPECT_LT(Wakeup::Clock::now() - begin, 30s);
        EXPECT_EQ(world.count("checkpoint"), 0);
    }
    {
        FakeWorld world;
        EXPECT_EQ(close_when(world, [&](FakeRun&) { return world.updates > 2; }),
                  RunState::stopped);
        EXPECT_EQ(world.count("checkpoint"), 1);
        EXPECT_EQ(world.noted().back(), "state stopped");
        EXPECT_EQ(int64_t(world.recorded().size()), world.updates);
    }
    {
        FakeWorld world;
        EXPECT_EQ(
            close_when(
                world, [](FakeRun& run) { return run.session->status().state == RunState::paused; },
                paused_at_start()),
            RunState::stopped);
        EXPECT_EQ(world.count("checkpoint"), 1) << "a new run keeps its initial weights";
    }
    {
        FakeWorld world;
        world.eval_every = 2;
        world.evaluation_time = 60s;
        EXPECT_EQ(close_when(world, [&](FakeRun&) { return world.count("evaluate") > 0; }),
                  RunState::stopped);
        EXPECT_EQ(world.updates, 2);
    }
    {
        FakeWorld world;
        world.in_halting = [](const std::function<bool()>& cancelled) {
            while (!cancelled()) std::this_thread::sleep_for(1ms);
        };
        EXPECT_EQ(close_when(world,
                             [&](FakeRun& run) {
                                 if (world.haltings == 0) run.session->request_halting("p", 0.1);
                                 return world.haltings > 0;
                             }),
                  RunState::stopped);
    }
    {
        FakeWorld world;  // destroyed without a word
        FakeRun run(world);
    }
    {
        FakeWorld world;
        world.disk_full = true;
        EXPECT_EQ(close_when(world,
                             [&](FakeRun& run) {
                                 return run.session->status().state == RunState::paused;
                             }),
                  RunState::failed)
            << "what could not be saved must not look saved";
    }
}

TEST(Soak, RandomCommandsLeaveTheRunConsistent) {
    // Wrong if some order of commands deadlocks, loses a record, or breaks the state machine.
    for (const unsigned seed : {1u, 2u, 3u}) {
        FakeWorld world;
        world.update_time = 100us;
        world.eval_every = 13;
        world.checkpoint_every = 17;
        world.snapshot_every = 7;
        FakeRun run(world);
        std::mt19937 random(seed);
        const auto begin = Wakeup::Clock::now(), limit = begin + 20s;
        std::set<RunState> seen;
        int submitted = 0;
        const auto enough = [&] {
            return Wakeup::Clock::now() > begin + 1s && world.updates > 20 &&
                   seen.count(RunState::running) && seen.count(RunState::paused);
        };
        for (int i = 1; !enough() && Wakeup::Clock::now() < limit; ++i) {
            // Now and then all is answered, so that the trainer gets to its updates.
            if (i % 50 == 0) run.ask(set_command("lr", 0.5));
            using enum CommandKind;
            const CommandKind kinds[] = {pause, resume, step, checkpoint, evaluate};
            const unsigned pick = random() % 9;
            if (pick < 5) {
                run.session->submit({kinds[pick], {}}, "soak");
            } else if (pick == 5) {
                run.session->submit(set_command("lr", double(random() % 100) / 100), "soak");
            } else if (pick == 6) {
                run.session->request_trace({std::string(1 + random() % 9, 'x'), {}});
            } else if (pick == 7) {
                run.session->request_halting("p", 0.1);
            } else {
                run.drain();
                run.session->geometry();
                run.session->trace();
                run.session->halting();
                run.session->drain_messages();
            }
            submitted += pick < 6;
            seen.insert(run.session->status().state);
            if (random() % 3 == 0) std::this_thread::sleep_for(300us);
        }
        run.session->submit({CommandKind::stop, {}}, "soak");
        ASSERT_TRUE(run.wait_state(RunState::stopped)) << "seed " << seed;
        ASSERT_TRUE(run.close()) << "seed " << seed;
        for (const Answer& answer : run.session->answers())
            EXPECT_NE(answer.state, AnswerState::pending) << to_json(answer.command);
        expect_complete(run.drain(), world.updates);
        EXPECT_EQ(int64_t(world.recorded().size()), world.updates);
        EXPECT_TRUE(seen.count(RunState::running) && seen.count(RunState::paused));
        EXPECT_GT(world.updates, 20) << submitted << " commands";
        // The log is in the order of steps, so that it replays.
        int64_t last = 0;
        for (const auto& entry : world.log()) {
            EXPECT_GE(entry.step, last);
            last = entry.step;
        }
    }
}

}  // namespace
}  // namespace hopscope::core
