// What a person sees of a training run on a terminal and in a log file.
#include "app/cli/progress.h"

#include <gtest/gtest.h>

#include "tests/app/cli/fake_lab.h"
#include "tests/app/cli/run.h"

namespace hopscope::app::testing {
namespace {

core::RunStatus running(int64_t steps = 100) {
    core::RunStatus status;
    status.state = core::RunState::running;
    status.steps = steps;
    status.run_dir = "runs/x";
    return status;
}

core::ScalarRecord record(int64_t step, float valid = core::kNaN) {
    core::ScalarRecord r;
    r.step = step;
    r.seconds = 2.0 * static_cast<double>(step);
    r.loss = 3.5f;
    r.valid_loss = valid;
    r.tokens_per_s = 12345;
    return r;
}

/// A run of `steps` updates, `seconds` of wall clock apart.
void play(World& world, int64_t steps, double seconds, int64_t evaluate_every = 0) {
    fake_lab() = {};
    fake_lab().while_training = [&world, steps, seconds,
                                 evaluate_every](const core::lab::TrainOptions& o) {
        core::RunStatus status = running(steps);
        for (int64_t i = 1; i <= steps; ++i) {
            world.now += seconds;
            const bool evaluated = evaluate_every > 0 && i % evaluate_every == 0;
            status.step = i;
            if (evaluated) status.valid_loss = 3.25f;
            o.on_step(record(i, evaluated ? 3.25f : core::kNaN), status);
        }
    };
}

size_t count(const std::string& text, const std::string& part) {
    size_t n = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
}

// Fails if a log file fills with a line a step, or stays silent.
TEST(TrainProgress, PlainLinesComeAtIntervals) {
    World world;
    play(world, 100, 1.0);
    const Outcome got = world.run({"train", "--config", "a.toml"});
    EXPECT_EQ(got.code, 0);
    EXPECT_EQ(got.err.find('\r'), std::string::npos);
    EXPECT_EQ(got.err.find('\033'), std::string::npos);
    EXPECT_EQ(count(got.err, "step "), 11u) << got.err;  // the first, one each 10 s, the last
    EXPECT_NE(got.err.find("step 11/100  loss 3.5000  12.3k tok/s  ETA 2:58\n"), std::string::npos)
        << got.err;
    EXPECT_NE(got.err.find("done: 100 steps, runs/x\n"), std::string::npos);
}

// Fails if an evaluation is not told, or its loss forgotten between evaluations.
TEST(TrainProgress, PlainLinesTellEachEvaluation) {
    World world;
    play(world, 20, 0.001, 5);
    const Outcome got = world.run({"train", "--config", "a.toml"});
    EXPECT_EQ(count(got.err, "step "), 5u) << got.err;
    EXPECT_EQ(count(got.err, "valid 3.2500"), 4u);
    EXPECT_NE(got.err.find("validation loss 3.2500"), std::string::npos);
}

// Fails if the records of a fork are taken for the run's, or its beginning and end are not told.
TEST(TrainProgress, AForkIsToldAndItsRecordsAreNot) {
    World world;
    fake_lab() = {};
    fake_lab().while_training = [](const core::lab::TrainOptions& o) {
        core::RunStatus status = running(2);
        o.on_step(record(1), status);
        status.fork.step = 1;
        status.fork.name = "fork at step 1";
        status.fork.dir = "runs/x/forks/step_00000001";
        o.on_step(record(2), status);
        core::ScalarRecord copy = record(2);
        copy.lane = 1;
        copy.loss = 9;
        o.on_step(copy, status);
        status.fork.ended = "failed: the loss is nan";
        o.on_status(status);
    };
    const Outcome got = world.run({"train", "--config", "a.toml"});
    EXPECT_EQ(count(got.err, "fork at step 1  runs/x/forks/step_00000001\n"), 1u) << got.err;
    EXPECT_EQ(count(got.err, "fork at step 1 is no longer trained: failed: the loss is nan\n"), 1u);
    EXPECT_EQ(count(got.err, "9.0000"), 0u);
}

// Fails if the bar scrolls, wraps, redraws a thousand times a second, or leaves the cursor in its
// line.
TEST(TrainProgress, TheBarRedrawsOneLine) {
    World world;
    world.terminal = true;
    world.columns = 40;
    play(world, 1000, 0.01);
    const Outcome got = world.run({"train", "--config", "a.toml"});
    EXPECT_LE(count(got.err, "\r"), 112u);
    EXPECT_GE(count(got.err, "\r"), 90u);
    EXPECT_EQ(count(got.err, "\n"), 2u);  // the bar's end, and "done"
    EXPECT_NE(got.err.find("100 % ████████████████████████"), std::string::npos);
    for (size_t at = got.err.find('\r'); at != std::string::npos; at = got.err.find('\r', at + 1)) {
        size_t columns = 0;
        for (size_t i = at + 1; i < got.err.size() && got.err[i] != '\033'; ++i)
            columns += (static_cast<unsigned char>(got.err[i]) & 0xC0) != 0x80;
        ASSERT_LT(columns, 40u);
    }
}

// Fails if the minutes before the first step are silent, or each batch of an evaluation gets a
// line.
TEST(TrainProgress, PreparationIsTold) {
    World world;
    fake_lab() = {};
    fake_lab().while_training = [](const core::lab::TrainOptions& o) {
        core::RunStatus status;
        status.state = core::RunState::preparing;
        for (int i = 0; i <= 10; ++i) {
            status.activity = "training the tokenizer";
            status.progress = i / 10.0;
            o.on_status(status);
        }
        status.activity = "packing the corpus";
        status.progress = -1;
        o.on_status(status);
        status = running();
        for (int i = 1; i <= 50; ++i) {
            status.activity = "evaluating batch " + std::to_string(i) + " of 50";
            o.on_status(status);
        }
    };
    const Outcome got = world.run({"train", "--config", "a.toml"});
    EXPECT_EQ(count(got.err, "training the tokenizer"), 1u) << got.err;
    EXPECT_EQ(count(got.err, "packing the corpus"), 1u);
    EXPECT_EQ(count(got.err, "evaluating"), 0u);
}

// Fails if nobody can tell whether to wait for work of hours, or is told a guess of its first
// moment.
TEST(TrainProgress, LongWorkTellsTheTimeThatIsLeft) {
    World world;
    fake_lab() = {};
    fake_lab().while_training = [&world](const core::lab::TrainOptions& o) {
        core::RunStatus status;
        status.state = core::RunState::preparing;
        for (int i = 0; i <= 8; ++i) {
            status.activity = "reading experts, layer " + std::to_string(i);
            status.progress = 0.1 + i / 10.0;
            o.on_status(status);
            world.now += i == 0 ? 1 : 20;
        }
    };
    const Outcome got = world.run({"train", "--config", "a.toml"});
    EXPECT_NE(got.err.find("layer 0  10 %\n"), std::string::npos) << got.err;
    // After 21 s two tenths were done, and seven were left.
    EXPECT_NE(got.err.find("layer 2  30 %  ETA 1:13\n"), std::string::npos) << got.err;
}

// Fails if what was found while a run was prepared is overwritten by the next activity, is told
// twice, or not at all.
TEST(TrainProgress, NotesStayReadable) {
    for (const bool terminal : {false, true}) {
        World world;
        world.terminal = terminal;
        fake_lab() = {};
        fake_lab().while_training = [](const core::lab::TrainOptions& o) {
            core::RunStatus status;
            status.state = core::RunState::preparing;
            status.notes = {"metrics.csv ends at step 3"};
            status.activity = "building the model";
            o.on_status(status);
            status.notes.push_back("train.lr stays 0.5");
            o.on_status(status);
            o.on_status(status);
        };
        const Outcome got = world.run({"train", "--config", "a.toml"});
        const std::string end = terminal ? "\033[K\n" : "\n";
        EXPECT_EQ(count(got.err, "metrics.csv ends at step 3" + end), 1u) << got.err;
        EXPECT_EQ(count(got.err, "train.lr stays 0.5" + end), 1u) << got.err;
    }
}

// Fails if the name of a folder commands the terminal.
TEST(TrainProgress, NamesAreEscaped) {
    World world;
    fake_lab() = {};
    fake_lab().while_training = [](const core::lab::TrainOptions& o) {
        core::RunStatus status;
        status.fork.name = "fork at step 3";
        status.fork.dir = "runs/a\x1b[31m";
        o.on_status(status);
    };
    const Outcome got = world.run({"train", "--config", "a.toml"});
    EXPECT_EQ(count(got.err, "runs/a\\x1b[31m"), 1u) << got.err;
    EXPECT_EQ(got.err.find('\x1b'), std::string::npos);
}

// Fails if someone who pressed Ctrl-C is not told how to go on, or the exit code says "failed".
TEST(TrainProgress, AnInterruptedRunTellsHowToGoOn) {
    World world;
    play(world, 5, 1.0);
    fake_lab().error = core::Error{core::ErrorKind::interrupted, "interrupted after step 5"};
    const Outcome got = world.run({"train", "--config", "a.toml"});
    EXPECT_EQ(got.code, 130);
    EXPECT_NE(got.err.find("hopscope train --resume --out runs/x"), std::string::npos) << got.err;
    EXPECT_EQ(got.err.find("done"), std::string::npos);
}

TEST(DurationText, IsReadable) {
    EXPECT_EQ(duration_text(0), "0:00");
    EXPECT_EQ(duration_text(61.9), "1:01");
    EXPECT_EQ(duration_text(3723), "1:02:03");
    EXPECT_EQ(duration_text(core::kNaN), "?");
}

}  // namespace
}  // namespace hopscope::app::testing
