// What trains beside a run (a fork), over a fake trainer: its turn, its announcement, its end.
#include <algorithm>

#include "tests/session/fake_trainer.h"

namespace hopscope::core {
namespace {

TEST(Beside, HasItsTurnAfterEachRecordedUpdate) {
    // Wrong if a fork's copy is a step ahead of or behind its run when a command comes, if the
    // window gets its records before it knows of it, or if a stop leaves it unsaved.
    FakeWorld world;
    world.checkpoint_every = 2;
    FakeRun run(world, paused_at_start());
    ASSERT_TRUE(run.wait_state(RunState::paused));
    EXPECT_EQ(run.ask({CommandKind::fork, {}}).state, AnswerState::applied);
    EXPECT_EQ(run.session->status().lanes, (std::vector<std::string>{"fake", "copy"}));
    const std::vector<std::string> said = run.session->drain_messages();
    EXPECT_TRUE(std::any_of(said.begin(), said.end(), [](const std::string& line) {
        return line.find("a copy was made") != std::string::npos;
    }));
    run.ask({CommandKind::step, {{"count", int64_t{3}}}});
    ASSERT_TRUE(run.wait([&] { return world.count("beside 3") == 1; }));
    ASSERT_TRUE(run.wait_state(RunState::paused));
    std::vector<std::pair<int64_t, int32_t>> turns;
    for (const ScalarRecord& record : run.drain()) turns.emplace_back(record.step, record.lane);
    EXPECT_EQ(turns, (std::vector<std::pair<int64_t, int32_t>>{
                         {1, 0}, {1, 1}, {2, 0}, {2, 1}, {3, 0}, {3, 1}}));
    EXPECT_EQ(world.updates, 3) << "a step of the run is one of its copy, too";
    EXPECT_EQ(run.session->status().fork.updates, 3);
    const std::vector<std::string> calls = world.noted();
    const auto saved = std::find(calls.begin(), calls.end(), "checkpoint");
    EXPECT_EQ(*std::next(saved), "beside 2") << "the run is saved before its copy has its turn";
    EXPECT_TRUE(run.close());
    EXPECT_FALSE(world.copy_unsaved);
}

TEST(Beside, WaitsForARunInTrouble) {
    // Wrong if a copy goes on past a run whose update was not made or not recorded.
    FakeWorld world;
    world.nan_at = 2;
    FakeRun run(world, paused_at_start());
    ASSERT_TRUE(run.wait_state(RunState::paused));
    run.ask({CommandKind::fork, {}});
    run.ask({CommandKind::resume, {}});
    ASSERT_TRUE(run.wait([&] { return !run.session->status().reason.empty(); }));
    EXPECT_EQ(world.count("beside 2"), 1);
    world.nan_at = -1;
    world.disk_full = true;
    run.ask({CommandKind::resume, {}});
    ASSERT_TRUE(run.wait(
        [&] { return run.session->status().reason.find("no space") != std::string::npos; }));
    EXPECT_EQ(world.count("beside 3"), 0);
    world.disk_full = false;
    EXPECT_TRUE(run.close());
}

}  // namespace
}  // namespace hopscope::core
