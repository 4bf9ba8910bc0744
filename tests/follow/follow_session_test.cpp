#include "core/follow/follow_session.h"

#include "core/api/watch.h"
#include "run_folder_of_another.h"
#include "tests/session/fake_trainer.h"

namespace hopscope::core {
namespace {

using namespace std::chrono_literals;

/// A followed run with a fake inspector, and waiting with a limit.
struct Followed {
    explicit Followed(RunOfAnother& run) {
        auto follower = RunFollower::open(run.dir);
        EXPECT_TRUE(follower);
        SessionOptions options;
        options.run_dir = run.dir;
        options.wake = wake.callback();
        const auto load = [this]() -> Result<std::shared_ptr<const WeightsCopy>> {
            ++loads;
            if (broken) return usage_error("the checkpoint is damaged");
            auto copy = std::make_shared<FakeWeights>();
            copy->step = weights_step;
            return std::shared_ptr<const WeightsCopy>(copy);
        };
        session = make_follow_session(std::move(options), *std::move(follower), load,
                                      std::make_unique<FakeInspector>(world));
    }
    bool wait(const std::function<bool()>& condition) { return wait_until_true(wake, condition); }
    size_t drained() {
        session->drain_scalars(records);
        return records.size();
    }

    FakeWorld world;
    HeadlessWake wake;
    std::atomic<int64_t> loads{0}, weights_step{0};
    std::atomic<bool> broken{false};
    std::vector<ScalarRecord> records;
    std::unique_ptr<Session> session;
};

TEST(FollowSession, ShowsWhatTheOtherProcessWrites) {
    // Wrong if rows, geometry or state of a run in training reach the window late or not at all.
    RunOfAnother run;
    run.rows(1, 5);
    Followed f(run);
    ASSERT_TRUE(f.wait([&] { return f.drained() == 5; }));
    EXPECT_EQ(f.session->status().state, RunState::running);
    EXPECT_FALSE(f.session->status().followed.empty());
    EXPECT_FALSE(f.session->status().writer_left);
    EXPECT_EQ(f.session->status().steps, 100);
    EXPECT_EQ(f.session->geometry(), nullptr);
    run.geometry(5);
    run.rows(6, 6);
    ASSERT_TRUE(f.wait([&] { return f.drained() == 6 && f.session->geometry(); }));
    EXPECT_EQ(f.session->geometry()->step, 5);
    ASSERT_TRUE(f.wait([&] { return f.session->status().step == 6; }));
    ASSERT_TRUE(run.folder->write_state(RunState::done, ""));
    ASSERT_TRUE(f.wait([&] { return f.session->status().state == RunState::done; }));
    // Not in the table of our own runs, but another process may resume with more steps.
    ASSERT_TRUE(run.folder->write_state(RunState::running, ""));
    ASSERT_TRUE(f.wait([&] { return f.session->status().state == RunState::running; }));
}

TEST(FollowSession, EveryCommandIsRefusedWithTheReason) {
    // Wrong if a followed run could be commanded, or a click did nothing without a word.
    RunOfAnother run;
    Followed f(run);
    for (const Command& command :
         {Command{CommandKind::pause, {}}, Command{CommandKind::checkpoint, {}},
          set_command("lr", 0.1),
          Command{CommandKind::freeze, {{"what", std::string("router")}}}}) {
        f.session->submit(command, "test");
        const Answer answer = f.session->answers().back();
        EXPECT_EQ(answer.state, AnswerState::refused) << command.name();
        EXPECT_TRUE(contains(answer.reason, "Another process")) << answer.reason;
    }
}

TEST(FollowSession, WritesNothing) {
    // Wrong if looking changes a byte of the folder, or leaves a file in it.
    RunOfAnother run;
    run.rows(1, 3);
    run.geometry(2);
    run.checkpoint(2);
    const auto listing = [&] {
        std::map<std::string, std::string> files;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(run.dir))
            if (entry.is_regular_file()) files[entry.path()] = bytes_of(entry.path());
        return files;
    };
    const auto before = listing();
    {
        Followed f(run);
        f.session->request_trace({"ab", {}});
        ASSERT_TRUE(f.wait([&] { return f.drained() == 3 && f.session->trace(); }));
        f.session->submit({CommandKind::checkpoint, {}}, "test");
        f.session->close();
        ASSERT_TRUE(f.wait([&] { return f.session->finished(); }));
    }
    EXPECT_EQ(listing(), before);
}

TEST(FollowSession, TracesOnTheNewestCheckpoint) {
    // Wrong if a prompt is answered on weights that a newer checkpoint has replaced.
    RunOfAnother run;
    run.checkpoint(10);
    Followed f(run);
    f.weights_step = 10;
    f.session->request_trace({"ab", {}});
    ASSERT_TRUE(f.wait([&] { return f.session->trace() != nullptr; }));
    EXPECT_EQ(f.session->trace()->step, 10);
    f.weights_step = 20;
    run.checkpoint(20);
    ASSERT_TRUE(f.wait([&] { return f.session->trace()->step == 20; }));
    EXPECT_EQ(f.loads, 2);
}

TEST(FollowSession, ADamagedCheckpointIsToldOnce) {
    // Wrong if a checkpoint that cannot be read ends the program or fills the log, or an older one
    // in hand is thrown away for it.
    RunOfAnother run;
    Followed f(run);
    f.broken = true;
    run.checkpoint(10);
    f.session->request_trace({"ab", {}});
    std::vector<std::string> said;
    ASSERT_TRUE(f.wait([&] {
        for (auto& line : f.session->drain_messages()) said.push_back(line);
        return !said.empty();
    }));
    std::this_thread::sleep_for(1200ms);
    for (auto& line : f.session->drain_messages()) said.push_back(line);
    ASSERT_EQ(said.size(), 1U);
    EXPECT_TRUE(contains(said[0], "the checkpoint is damaged"));
    f.broken = false;
    run.checkpoint(20);
    ASSERT_TRUE(f.wait([&] { return f.session->trace() != nullptr; }));
}

TEST(FollowSession, TellsThatTheWriterLeft) {
    // Wrong if a killed run goes on looking as if it trained.
    RunOfAnother run;
    Followed f(run);
    ASSERT_TRUE(f.wait([&] { return f.session->status().state == RunState::running; }));
    run.leave();
    ASSERT_TRUE(f.wait([&] { return f.session->status().writer_left; }));
    EXPECT_EQ(f.session->status().state, RunState::paused);
    f.session->submit({CommandKind::resume, {}}, "test");
    EXPECT_TRUE(contains(f.session->answers().back().reason, "Open it again"));
}

TEST(RunWatch, FollowsSeveralRuns) {
    // Wrong if one run's rows land in another's curve, or an unreadable folder hides the others.
    RunOfAnother a("a"), b("b");
    TempFolder foreign;
    a.rows(1, 3, 1.0F);
    b.rows(1, 2, 2.0F);
    HeadlessWake wake;
    auto watch = RunWatch::open({a.dir, foreign.path(), b.dir}, wake.callback());
    std::vector<std::vector<ScalarRecord>> seen(3);
    std::vector<std::string> messages;
    const auto wait = [&](const std::function<bool()>& condition) {
        const auto deadline = Wakeup::Clock::now() + 20s;
        while (Wakeup::Clock::now() < deadline) {
            const uint64_t ticket = wake.bell->ticket();
            for (auto& news : watch->drain()) {
                if (news.restarted) seen[news.run].clear();
                for (auto& record : news.records) seen[news.run].push_back(record);
            }
            for (auto& line : watch->drain_messages()) messages.push_back(line);
            if (condition()) return true;
            wake.bell->wait_until(ticket, Wakeup::Clock::now() + 50ms);
        }
        return false;
    };
    ASSERT_TRUE(wait([&] { return seen[0].size() == 3 && seen[2].size() == 2; }));
    EXPECT_TRUE(seen[1].empty());
    EXPECT_EQ(messages.size(), 1U);
    EXPECT_EQ(watch->runs()[0].name, "a");
    EXPECT_TRUE(watch->runs()[2].being_written);
    b.rows(3, 4, 2.0F);
    ASSERT_TRUE(wait([&] { return seen[2].size() == 4; }));
    for (const auto& record : seen[2]) EXPECT_EQ(record.loss, 2.0F);
    ASSERT_TRUE(a.csv->cut_to_step(1));
    ASSERT_TRUE(wait([&] { return seen[0].size() == 1; }));
    EXPECT_EQ(messages.size(), 1U);
}

}  // namespace
}  // namespace hopscope::core
