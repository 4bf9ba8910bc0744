// If these fail, the past that panels draw depends on what a window happened to see of a run, or
// reading it disturbs the window.
#include "app/state/archive.h"

#include <atomic>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "app/state/app_state.h"
#include "tests/app/fake_session.h"

namespace hopscope::gui_test {
namespace {

using namespace app;

/// A folder of snapshots in memory, which counts how often each is read.
struct Folder {
    std::mutex mutex;
    std::map<int64_t, int64_t> written;  ///< step → time
    std::map<int64_t, int> reads;
    int64_t experts = 4;
    std::set<int64_t> broken;  ///< these steps cannot be read

    void keep(int64_t step, int64_t time = 0) {
        std::lock_guard lock(mutex);
        written[step] = time;
    }
    core::GeometrySnapshot snapshot(int64_t step) const {
        core::GeometrySnapshot out;
        out.step = step;
        core::LayerGeometry layer;
        layer.experts = experts;
        layer.d_space = 2;
        layer.hops = layer.top_k = 1;
        layer.centroids.assign(static_cast<size_t>(2 * experts), 0.5f);
        layer.load.assign(static_cast<size_t>(experts), 0.25f);
        layer.positions = {1, 0};
        layer.choices = {static_cast<int32_t>(step)};
        layer.weights = {1};
        out.layers = {layer};
        return out;
    }
    void serve(Services& services) {
        services.kept_snapshots = [this](const std::string&) {
            std::lock_guard lock(mutex);
            std::vector<core::KeptSnapshot> out;
            for (const auto& [step, time] : written) out.push_back({step, time});
            return out;
        };
        services.read_kept_snapshot = [this](const std::string&,
                                             int64_t step) -> core::Result<core::GeometrySnapshot> {
            std::lock_guard lock(mutex);
            ++reads[step];
            if (broken.count(step) || !written.count(step))
                return core::usage_error("step is damaged");
            return snapshot(step);
        };
    }
};

class ArchiveTest : public ::testing::Test {
  protected:
    ArchiveTest() {
        folder_.serve(state_.services);
        FakeOptions options;
        options.layers = 1;
        options.experts = 4;
        options.tokens = 4;
        options.state = core::RunState::paused;
        auto session = std::make_unique<FakeSession>(options);
        session_ = session.get();
        state_.attach(std::move(session));
        go_to(1000);
    }
    ~ArchiveTest() override { state_.finish_aside(); }

    void go_to(int64_t step) {
        session_->mutable_status().step = step;
        state_.now += 1;
    }
    /// Frames until nothing is left to be read.
    void look() {
        uint64_t version = 0;
        do {
            version = state_.archive.version();
            for (int frame = 0; frame < 20; ++frame) {
                update_state(state_);
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
            }
        } while (version != state_.archive.version());
    }
    std::vector<int64_t> steps_until(int64_t step) {
        std::vector<int64_t> out;
        const auto shown = std::make_shared<core::GeometrySnapshot>(folder_.snapshot(step));
        for (const Snapshot& snapshot : state_.archive.until(shown)) out.push_back(snapshot->step);
        return out;
    }

    Folder folder_;
    AppState state_;
    FakeSession* session_ = nullptr;
};

TEST_F(ArchiveTest, HoldsWhatTheFolderKeeps) {
    for (const int64_t step : {50, 100, 150, 200}) folder_.keep(step);
    look();
    EXPECT_EQ(steps_until(170), (std::vector<int64_t>{50, 100, 150, 170}));
    EXPECT_EQ(steps_until(150), (std::vector<int64_t>{50, 100, 150}));
    ASSERT_TRUE(state_.archive.first());
    EXPECT_EQ(state_.archive.first()->step, 50);
    EXPECT_FALSE(state_.archive.first()->layers[0].positions.empty()) << "whole: bases need them";
    // The warm-up ends at step 200 of these 2,000: what comes before is not settled.
    ASSERT_EQ(core::settling_step(session_->config()), 200);
    ASSERT_TRUE(state_.archive.settled());
    EXPECT_EQ(state_.archive.settled()->step, 200);
    const auto shown = std::make_shared<core::GeometrySnapshot>(folder_.snapshot(170));
    const Past past = state_.archive.until(shown);
    EXPECT_TRUE(past[0]->layers[0].positions.empty()) << "a long run does not fit into memory";
    EXPECT_EQ(past[0]->layers[0].choices.front(), 50);
}

TEST_F(ArchiveTest, ReadsEachFileOnceAndWhatWasWrittenAnewAgain) {
    folder_.keep(300);
    folder_.keep(350);
    look();
    EXPECT_EQ(folder_.reads[350], 1);
    const uint64_t version = state_.archive.version();
    go_to(1001);
    look();
    EXPECT_EQ(state_.archive.version(), version) << "nothing is new, so nothing is drawn anew";
    folder_.keep(350, /*time=*/7);
    folder_.keep(400);
    go_to(1002);
    look();
    EXPECT_EQ(folder_.reads[350], 2);
    EXPECT_EQ(folder_.reads[400], 1);
    EXPECT_EQ(steps_until(999), (std::vector<int64_t>{300, 350, 400, 999}));
}

TEST_F(ArchiveTest, WhatARunHasLeftIsNotItsPast) {
    // Resumed at step 100, with files of the course it had taken before.
    for (const int64_t step : {50, 100, 150}) folder_.keep(step);
    go_to(100);
    look();
    EXPECT_EQ(steps_until(120), (std::vector<int64_t>{50, 100, 120}));
    go_to(150);
    look();
    EXPECT_EQ(steps_until(160), (std::vector<int64_t>{50, 100, 150, 160}));
}

TEST_F(ArchiveTest, OfALongRunAPartIsHeld) {
    for (int64_t step = 1; step <= 1000; ++step) folder_.keep(step);
    look();
    const auto steps = steps_until(1000);
    EXPECT_LE(steps.size(), Archive::kMost + 2);
    EXPECT_GT(steps.size(), Archive::kMost / 4);
    EXPECT_EQ(steps.front(), 1);
    EXPECT_EQ(state_.archive.files().size(), 1000u);
}

TEST_F(ArchiveTest, ADamagedFileIsToldOnceAndLeftOut) {
    folder_.broken = {100};
    for (const int64_t step : {50, 100, 150}) folder_.keep(step);
    look();
    EXPECT_EQ(steps_until(170), (std::vector<int64_t>{50, 150, 170}));
    EXPECT_TRUE(state_.archive.complete());
    go_to(1001);
    look();
    EXPECT_EQ(folder_.reads[100], 1) << "what is damaged stays so";
    const auto told = std::count_if(state_.log.begin(), state_.log.end(), [](const LogLine& line) {
        return line.text.find("damaged") != std::string::npos;
    });
    EXPECT_EQ(told, 1);
}

TEST_F(ArchiveTest, ManyDamagedFilesDoNotKeepTheWindowBusy) {
    for (int64_t step = 1; step <= 40; ++step) folder_.broken.insert(step);
    for (int64_t step = 1; step <= 50; ++step) folder_.keep(step);
    look();
    EXPECT_TRUE(state_.archive.complete());
    EXPECT_EQ(steps_until(45), (std::vector<int64_t>{41, 42, 43, 44, 45}));
    for (int64_t step = 1; step <= 50; ++step) EXPECT_LE(folder_.reads[step], 2) << step;
    // Bases are fitted to what can be read.
    EXPECT_EQ(state_.archive.first()->step, 41);
}

TEST_F(ArchiveTest, BasesRestOnWhatCanBeRead) {
    folder_.broken = {200};
    for (const int64_t step : {150, 200, 250}) folder_.keep(step);
    look();
    ASSERT_TRUE(state_.archive.settled());
    EXPECT_EQ(state_.archive.settled()->step, 250);
}

TEST_F(ArchiveTest, WhatIsThinnedAwayIsNoDamage) {
    for (const int64_t step : {50, 100, 150}) folder_.keep(step);
    look();
    {
        std::lock_guard lock(folder_.mutex);
        folder_.written.erase(100);
    }
    folder_.keep(200);
    go_to(1001);
    look();
    EXPECT_EQ(steps_until(210), (std::vector<int64_t>{50, 150, 200, 210}));
    EXPECT_TRUE(std::none_of(state_.log.begin(), state_.log.end(),
                             [](const LogLine& line) { return line.problem; }));
}

TEST_F(ArchiveTest, AnotherModelHasAnotherPast) {
    folder_.keep(50);
    look();
    folder_.experts = 5;
    EXPECT_EQ(steps_until(60), (std::vector<int64_t>{60}));
    state_.attach(nullptr);
    EXPECT_TRUE(state_.archive.files().empty());
}

TEST(SpreadEvenly, KeepsTheEndsAndTheLimit) {
    for (const size_t n : {size_t{0}, size_t{1}, size_t{2}, size_t{9}, size_t{100}, size_t{1001}})
        for (const size_t most : {size_t{1}, size_t{8}, size_t{256}}) {
            const auto chosen = spread_evenly(n, most);
            EXPECT_LE(chosen.size(), 2 * most + 1) << n << " of at most " << most;
            if (n == 0) {
                EXPECT_TRUE(chosen.empty());
                continue;
            }
            EXPECT_EQ(chosen.front(), 0u);
            EXPECT_EQ(chosen.back(), n - 1);
            EXPECT_TRUE(n > most || chosen.size() == n);
        }
}

}  // namespace
}  // namespace hopscope::gui_test
