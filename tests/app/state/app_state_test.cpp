// What all panels share: refusals, watched runs, work aside, selection.
#include <gtest/gtest.h>
#include <utility>

#include "app/state/actions.h"
#include "tests/app/fake_session.h"
#include "tests/temp_folder.h"

namespace hopscope::app {
namespace {

// Wrong if a command without a run vanished silently, or a refusal were told twice or never.
TEST(AppState, RefusalsAreToldOnce) {
    AppState state;
    EXPECT_EQ(state.submit({core::CommandKind::pause, {}}), 0u);
    ASSERT_EQ(state.log.size(), 1u);
    EXPECT_TRUE(state.log[0].problem);
    auto session = std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{});
    gui_test::FakeSession* fake = session.get();
    state.attach(std::move(session));
    update_state(state);
    const size_t before = state.log.size();
    state.submit({core::CommandKind::fork, {}});
    fake->advance(1);
    update_state(state);
    update_state(state);
    EXPECT_EQ(state.log.size(), before + 1);
    EXPECT_TRUE(state.log.back().problem);
}

// Wrong if the picture of a run that is trained meanwhile were never at rest, or what is asked of
// the run did not come.
TEST(AppState, HoldsARunThatGoesOn) {
    AppState state;
    auto session = std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{});
    gui_test::FakeSession* fake = session.get();
    state.attach(std::move(session));
    fake->advance(3);
    update_state(state);
    const int64_t step = state.status.step;
    const auto shown = state.geometry;
    const size_t records = state.history.step.size();
    state.holds = true;
    fake->advance(2);
    fake->request_trace({.prompt = "the river bank"});
    update_state(state);
    EXPECT_EQ(state.status.step, step);
    EXPECT_EQ(state.geometry, shown);
    EXPECT_EQ(state.history.step.size(), records);
    EXPECT_NE(state.trace, nullptr);
    state.holds = false;
    update_state(state);
    EXPECT_EQ(state.status.step, step + 2);
    EXPECT_NE(state.geometry, shown);
}

/// What a watch has seen, given piece by piece.
struct FakeWatch final : core::RunWatch {
    std::vector<core::WatchedRun> all;
    std::vector<core::WatchedNews> news;
    std::vector<std::string> messages;
    std::vector<core::WatchedRun> runs() const override { return all; }
    std::vector<core::WatchedNews> drain() override { return std::exchange(news, {}); }
    std::vector<std::string> drain_messages() override { return std::exchange(messages, {}); }
};

// Wrong if one run's rows landed in another's curve, stale rows outlived a resumption, or the
// curves of the other runs waited for a run to be open.
TEST(AppState, WatchedRunsKeepTheirOwnCurves) {
    AppState state;
    FakeWatch* watch = nullptr;
    state.services.watch_runs = [&](const std::vector<std::string>& dirs,
                                    const std::function<void()>&) {
        auto made = std::make_unique<FakeWatch>();
        for (const auto& dir : dirs) {
            core::WatchedRun run;
            run.dir = dir;
            made->all.push_back(run);
        }
        watch = made.get();
        return made;
    };
    state.watch_runs({"runs/a/", "runs/b"});
    ASSERT_TRUE(watch);
    const auto rows = [](int64_t count) {
        std::vector<core::ScalarRecord> records(static_cast<size_t>(count));
        for (int64_t i = 0; i < count; ++i) records[static_cast<size_t>(i)].step = i + 1;
        return records;
    };
    watch->news = {{0, false, rows(5)}, {1, false, rows(3)}, {7, false, rows(9)}};
    watch->messages = {"runs/b: no run"};
    update_status(state);
    ASSERT_EQ(state.watched.size(), 2u);
    EXPECT_EQ(state.watched[0].history.step.size(), 5u);
    EXPECT_EQ(state.watched[1].history.step.size(), 3u);
    EXPECT_TRUE(state.log.back().problem);
    watch->news = {{0, true, rows(2)}};
    update_status(state);
    EXPECT_EQ(state.watched[0].history.step.size(), 2u);
    EXPECT_FALSE(state.inspects(state.watched[0].run));
    auto session = std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{});
    session->mutable_status().run_dir = "runs/a";
    state.attach(std::move(session));
    update_status(state);
    EXPECT_TRUE(state.inspects(state.watched[0].run)) << "a slash behind the folder's name";
    EXPECT_FALSE(state.inspects(state.watched[1].run));
    EXPECT_EQ(state.watched[0].history.step.size(), 2u);
}

// Wrong if an answer came twice or not at all, a failure left its asker waiting for ever, or short
// work waited behind a long task.
TEST(Aside, AnswersComeOnceAndNotBehindLongWork) {
    AppState state;
    std::atomic<bool> let_go{false};
    state.task_runner().start("long", [&](const core::Progress&) -> core::Result<std::string> {
        while (!let_go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return std::string();
    });
    const auto window = std::this_thread::get_id();
    Pending<bool> elsewhere = state.aside([=] { return std::this_thread::get_id() != window; });
    Pending<std::unique_ptr<int>> movable = state.aside([] { return std::make_unique<int>(7); });
    Pending<core::Result<int>> failed =
        state.aside([]() -> core::Result<int> { throw std::runtime_error("no disk"); });
    EXPECT_TRUE(elsewhere.waits());
    state.finish_aside();
    EXPECT_EQ(elsewhere.take(), std::optional<bool>(true));
    EXPECT_EQ(elsewhere.take(), std::nullopt);
    EXPECT_FALSE(elsewhere.waits());
    EXPECT_EQ(**movable.take(), 7);
    EXPECT_EQ(failed.take()->error().message, "no disk");
    EXPECT_EQ(state.tasks->tasks().size(), 1u);
    let_go = true;
    state.task_runner().finish();
    EXPECT_EQ(state.tasks->tasks()[0].state, TaskState::done);
}

// Wrong if a text did not arrive whole, or the log said nothing of it.
TEST(Aside, WrittenFilesAreTold) {
    const test::TempFolder folder;
    AppState state;
    state.write_file(folder / "a.txt", "text");
    state.write_file(folder / "none/a.txt", "text");
    state.finish_aside();
    update_status(state);
    ASSERT_EQ(state.log.size(), 2u);
    EXPECT_NE(state.log[0].text.find("wrote " + (folder / "a.txt")), std::string::npos);
    EXPECT_FALSE(state.log[0].problem);
    EXPECT_TRUE(state.log[1].problem);
}

// Wrong if what is exported took the place of a file by which a folder is a run.
TEST(Aside, FilesOfARunAreNotWrittenOver) {
    const test::TempFolder folder;
    folder.write("run.json", "{}");
    folder.write("config.toml", "seed");
    AppState state;
    state.write_file(folder / "run.json", "text");
    state.write_file(folder / "metrics.csv", "text");
    state.write_file(folder / "run.csv", "text");
    state.finish_aside();
    update_state(state);
    EXPECT_EQ(test::bytes_of(folder / "run.json"), "{}");
    EXPECT_EQ(test::bytes_of(folder / "metrics.csv"), "");
    EXPECT_EQ(test::bytes_of(folder / "run.csv"), "text");
    ASSERT_GE(state.log.size(), 3u);
    EXPECT_NE(state.log.front().text.find("belongs to the run"), std::string::npos);
}

// Wrong if a panel said of what a run lacks anything but the one sentence, or refused what it has.
TEST(AppState, TellsWhatTheRunLacks) {
    AppState state;
    EXPECT_EQ(state.lacks(core::Need::experts), "") << "no run is open";
    EXPECT_EQ(no_run(state), core::refusal(core::RunState::idle, core::Action::trace));
    core::Config config;
    config.moe.router = core::RouterKind::hash;
    state.attach(std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{}, config));
    EXPECT_EQ(no_run(state), "");
    EXPECT_EQ(state.lacks(core::Need::experts), "");
    EXPECT_EQ(state.lacks(core::Need::centroids), "A hash router has no centroids.");
    config.model.ffn = core::FfnKind::dense;
    state.attach(std::make_unique<gui_test::FakeSession>(gui_test::FakeOptions{}, config));
    EXPECT_EQ(state.lacks(core::Need::experts), "A dense model has no experts.");
}

// Wrong if the selection of one layer's experts survived into another layer.
TEST(Selection, ClickShiftClickAndLayers) {
    Selection s;
    s.pick_expert(4, false);
    s.pick_expert(7, true);
    EXPECT_EQ(s.experts, (std::set<int64_t>{4, 7}));
    s.pick_expert(4, true);
    EXPECT_EQ(s.experts, (std::set<int64_t>{7}));
    s.pick_expert(9, false);
    EXPECT_EQ(s.experts, (std::set<int64_t>{9}));
    s.pick_prompt_token(2, false);
    const auto version = s.version;
    s.set_layer(3);
    EXPECT_TRUE(s.experts.empty());
    EXPECT_FALSE(s.prompt_tokens.empty());
    EXPECT_GT(s.version, version);
    s.clear();
    EXPECT_TRUE(s.empty());
}

}  // namespace
}  // namespace hopscope::app
