// A session without a window: if these fail, records are missed, or an interrupt loses the run.
#include "core/session/headless.h"

#include <atomic>

#include "tests/session/fake_trainer.h"

namespace hopscope::core {
namespace {

using namespace std::chrono_literals;

TEST(Headless, PassesOnEveryRecordInOrder) {
    // Wrong if the progress bar or the caller misses updates or sees them twice.
    FakeWorld world;
    world.steps = 700;
    world.update_time = 0us;
    FakeRun run(world, without_window(), false);
    std::atomic<int> interrupt{0};
    std::vector<ScalarRecord> records;
    std::vector<RunState> states;
    const auto result = run_headless(
        *run.session, run.wake,
        [&](const RunStatus& status) {
            if (states.empty() || states.back() != status.state) states.push_back(status.state);
        },
        [&](const ScalarRecord& record, const RunStatus&) { records.push_back(record); },
        interrupt);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->state, RunState::done);
    EXPECT_EQ(result->step, 700);
    expect_complete(records, 700);
    EXPECT_EQ(states.back(), RunState::done);
    EXPECT_EQ(world.count("geometry"), 0) << "nobody looks, so nothing is drawn";
    EXPECT_EQ(world.count("copy_weights"), 0);
}

TEST(Headless, AnInterruptStopsCleanly) {
    // Wrong if Ctrl+C loses the run, or looks like success.
    FakeWorld world;
    FakeRun run(world, without_window(), false);
    std::atomic<int> interrupt{0};
    const auto result = run_headless(
        *run.session, run.wake, {},
        [&](const ScalarRecord& record, const RunStatus&) {
            if (record.step >= 5) interrupt = 1;
        },
        interrupt);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::interrupted);
    EXPECT_EQ(world.count("checkpoint"), 1);
    EXPECT_EQ(world.noted().back(), "state stopped");
    EXPECT_EQ(world.log().back().by, "signal");
}

TEST(Headless, AnInterruptEndsPreparation) {
    // Wrong if Ctrl+C during a long tokenizer training has to be pressed twice.
    FakeWorld world;
    world.prepare_time = 60s;
    FakeRun run(world, without_window(), false);
    std::atomic<int> interrupt{1};
    const auto result = run_headless(*run.session, run.wake, {}, {}, interrupt);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::interrupted);
    EXPECT_EQ(run.session->answers().back().state, AnswerState::applied);
}

}  // namespace
}  // namespace hopscope::core
