// What a session publishes, and how often.
#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/session/fake_trainer.h"

namespace hopscope::core {
namespace {

using namespace std::chrono_literals;

TEST(Publish, NobodyLookingCostsNothing) {
    // Wrong if a minimised window slows the run down by pictures that nobody sees.
    FakeWorld world;
    world.update_time = 0us;
    FakeRun run(world);
    const auto begin = Wakeup::Clock::now();
    ASSERT_TRUE(
        run.wait([&] { return world.updates >= 2000 && Wakeup::Clock::now() - begin > 350ms; }));
    EXPECT_LE(world.geometries, 1);
    EXPECT_EQ(world.copies, 0);
    run.ask({CommandKind::pause, {}});
    EXPECT_EQ(int64_t(run.drain().size()), world.updates) << "every record is kept all the same";
}

TEST(Publish, ARunHasItsNameFromTheStart) {
    // Wrong if a run that is prepared stood without a name in the lists of runs.
    FakeWorld world;
    std::atomic<bool> looked = false;
    world.in_prepare = [&] {
        while (!looked) std::this_thread::sleep_for(1ms);
    };
    SessionOptions options;
    options.run_dir = "runs/second/";
    FakeRun run(world, options);
    const RunStatus status = run.session->status();
    looked = true;
    EXPECT_EQ(status.state, RunState::preparing);
    EXPECT_EQ(status.run_name, "second");
}

TEST(Publish, GeometryFollowsTheRunAtALimitedRate) {
    // Wrong if pictures lag by seconds, or eat the time of training.
    FakeWorld world;
    FakeRun run(world);
    int64_t last = -1;
    int fresh = 0;
    const auto begin = Wakeup::Clock::now();
    ASSERT_TRUE(run.wait([&] {
        const auto geometry = run.session->geometry();
        if (geometry && geometry->step > last) {
            last = geometry->step;
            ++fresh;
        }
        return fresh >= 4;
    }));
    EXPECT_GE(Wakeup::Clock::now() - begin, 250ms) << "four pictures are 100 ms apart each";
    const Answer paused = run.ask({CommandKind::pause, {}});
    ASSERT_TRUE(run.wait([&] { return run.session->geometry()->step == paused.step; }))
        << "the last picture before a pause is always sent";
}

TEST(Publish, AnExpensivePictureIsDrawnRarely) {
    // Wrong if a model with slow geometry is slowed down more than a few percent by the window.
    FakeWorld world;
    world.geometry_time = 10ms;  // every 500 ms at the most, then
    FakeRun run(world);
    ASSERT_TRUE(run.wait([&] { return world.updates > 10; }));
    const auto begin = Wakeup::Clock::now();
    const int64_t before = world.geometries;
    while (Wakeup::Clock::now() - begin < 700ms) {
        run.session->geometry();
        std::this_thread::sleep_for(1ms);
    }
    EXPECT_LE(world.geometries - before, 3);
    EXPECT_GE(world.geometries - before, 1);
    const double share = run.session->status().publish_share;
    EXPECT_TRUE(share > 0 && share < 1) << share;
    run.ask({CommandKind::pause, {}});
    float slowest = 0;
    for (const ScalarRecord& record : run.drain()) slowest = std::max(slowest, record.publish_ms);
    EXPECT_GE(slowest, 10.0f) << "the record hides what publishing cost";
}

// Wrong if the memory of a GPU stayed what it was at first, or was told where there is none.
TEST(Publish, TellsTheMemoryOfTheDevice) {
    FakeWorld world;
    world.device_bytes = int64_t{3} << 30;
    FakeRun run(world);
    ASSERT_TRUE(run.wait([&] { return run.session->status().device_bytes == int64_t{3} << 30; }));
    FakeWorld other;
    FakeRun cpu(other);
    ASSERT_TRUE(cpu.wait([&] { return cpu.session->status().step > 2; }));
    EXPECT_EQ(cpu.session->status().device_bytes, 0);
}

TEST(Publish, MessagesCarryTheTimeOfDay) {
    // Wrong if the log panel cannot be read beside other logs.
    FakeWorld world;
    world.steps = 3;
    FakeRun run(world);
    ASSERT_TRUE(run.wait_state(RunState::done));
    std::vector<std::string> messages;
    ASSERT_TRUE(run.wait([&] {
        for (std::string& message : run.session->drain_messages())
            messages.push_back(std::move(message));
        return !messages.empty() && messages.back().find("done at step 3") != std::string::npos;
    }));
    for (const std::string& message : messages) {
        ASSERT_GT(message.size(), 9u);
        EXPECT_TRUE(message[2] == ':' && message[5] == ':' && message[8] == ' ') << message;
    }
    EXPECT_TRUE(run.session->drain_messages().empty());
}

}  // namespace
}  // namespace hopscope::core
