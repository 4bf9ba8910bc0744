// If these fail, panels show another moment than the cursor says, or the window waits for a disk.
#include "app/state/time_cursor.h"

#include <atomic>

#include "tests/app/fake_run.h"

namespace hopscope::gui_test {
namespace {

using namespace app;

const std::vector<core::KeptSnapshot> kKept = {{50, 0}, {100, 0}, {150, 0}};

TEST(TimeCursor, PointsAtWhatIsKept) {
    TimeCursor time;
    EXPECT_TRUE(time.live());
    time.go_to(kKept, 120);
    EXPECT_EQ(time.step(), 100);
    time.go_to(kKept, 100);
    EXPECT_EQ(time.step(), 100);
    time.go_to(kKept, 3);
    EXPECT_EQ(time.step(), 50) << "the first stands for what came before it";
    time.go_to(kKept, 9999);
    EXPECT_EQ(time.step(), 150);
    time.go_to({}, 100);
    EXPECT_TRUE(time.live());
}

TEST(TimeCursor, StepsFromSnapshotToSnapshot) {
    TimeCursor time;
    time.step_by(kKept, +1);
    EXPECT_TRUE(time.live()) << "nothing comes behind the present";
    time.step_by(kKept, -1);
    EXPECT_EQ(time.step(), 150);
    time.step_by(kKept, -1);
    time.step_by(kKept, -1);
    EXPECT_EQ(time.step(), 50);
    time.step_by(kKept, -1);
    EXPECT_EQ(time.step(), 50);
    time.step_by(kKept, +1);
    EXPECT_EQ(time.step(), 100);
    time.step_by(kKept, +1);
    time.step_by(kKept, +1);
    EXPECT_TRUE(time.live());
}

/// A run after 300 of its steps, each fiftieth of which is kept.
class TimeCursorTest : public FakeRun {
  protected:
    TimeCursorTest() {
        open([](FakeOptions& options) { options.steps = 400; });
        for (int i = 0; i < 30; ++i) session_->advance(10);
        frames();
    }
    /// Frames until what the cursor points at is shown.
    void arrive() {
        frames(2);
        for (int tries = 0; tries < 4000 && state_.time.reading(); ++tries) frames(1);
    }
};

TEST_F(TimeCursorTest, PanelsShowWhereItPoints) {
    ASSERT_GE(state_.archive.files().size(), 5u);
    EXPECT_EQ(state_.geometry->step, 300);
    const uint64_t live = state_.geometry->version;
    state_.time.go_to(state_.archive.files(), 120);
    arrive();
    EXPECT_EQ(state_.geometry->step, 100);
    EXPECT_FALSE(state_.geometry->layers[0].positions.empty()) << "whole, not thinned";
    EXPECT_NE(state_.geometry->version, live);
    const uint64_t then = state_.geometry->version;
    state_.time.go_to(state_.archive.files(), 200);
    arrive();
    EXPECT_NE(state_.geometry->version, then) << "panels would draw nothing new";
    state_.time.go_live();
    update_state(state_);
    EXPECT_EQ(state_.geometry->step, 300);
    EXPECT_EQ(state_.geometry->version, live);
}

TEST_F(TimeCursorTest, PlaysEachSnapshotAndEndsLive) {
    state_.playback.playing = true;
    std::vector<int64_t> seen;
    for (int frame = 0; frame < 4000 && state_.playback.playing; ++frame) {
        frames(1, 0.3);
        if (!state_.time.live() && !state_.time.reading() &&
            (seen.empty() || seen.back() != state_.geometry->step))
            seen.push_back(state_.geometry->step);
    }
    std::vector<int64_t> kept;
    for (const auto& file : state_.archive.files()) kept.push_back(file.step);
    EXPECT_EQ(seen, kept);
    EXPECT_TRUE(state_.time.live());
    state_.playback.loop = state_.playback.playing = true;
    frames(100, 0.3);
    EXPECT_TRUE(state_.playback.playing) << "it begins again";
}

TEST_F(TimeCursorTest, ADamagedSnapshotIsToldAndLeavesThePresent) {
    state_.services.read_kept_snapshot = [](const std::string&,
                                            int64_t) -> core::Result<core::GeometrySnapshot> {
        return core::usage_error("step_00000100.safetensors is damaged");
    };
    state_.time.go_to(state_.archive.files(), 100);
    arrive();
    EXPECT_TRUE(state_.time.live());
    EXPECT_EQ(state_.geometry->step, 300);
    EXPECT_TRUE(std::any_of(state_.log.begin(), state_.log.end(), [](const LogLine& line) {
        return line.text.find("damaged") != std::string::npos;
    }));
}

TEST_F(TimeCursorTest, FollowsWhatTheFolderHas) {
    std::vector<core::KeptSnapshot> kept = state_.archive.files();
    float first = 1;
    state_.services.kept_snapshots = [&](const std::string&) { return kept; };
    state_.services.read_kept_snapshot = [&, shown = *state_.geometry](const std::string&,
                                                                       int64_t step) mutable {
        shown.step = step;
        shown.layers[0].centroids[0] = first;
        return core::Result<core::GeometrySnapshot>(shown);
    };
    const auto again = [&] {
        session_->advance(1);
        frames(60);
    };
    const int64_t step = kept[2].step;
    state_.time.go_to(kept, step);
    arrive();
    EXPECT_EQ(state_.geometry->layers[0].centroids[0], 1);
    first = 2;
    again();
    EXPECT_EQ(state_.geometry->layers[0].centroids[0], 1) << "read anew without a reason";
    kept[2].written += 1;
    again();
    EXPECT_EQ(state_.geometry->layers[0].centroids[0], 2) << "it was written anew";
    kept.erase(kept.begin() + 2);
    again();
    EXPECT_EQ(state_.geometry->step, kept[1].step);
    EXPECT_EQ(state_.time.step(), kept[1].step);
    kept.clear();
    again();
    EXPECT_TRUE(state_.time.live());
    EXPECT_EQ(state_.geometry, state_.newest);
    state_.finish_aside();
}

TEST_F(TimeCursorTest, RemembersAsMuchAsMemoryAllows) {
    size_t values = 10;
    std::atomic<int> reads{0};
    state_.services.read_kept_snapshot = [&, shown = *state_.geometry](const std::string&,
                                                                       int64_t step) mutable {
        ++reads;
        shown.step = step;
        shown.layers[0].weights.assign(values, 0.5f);
        return core::Result<core::GeometrySnapshot>(shown);
    };
    const auto show = [&](int64_t step) {
        state_.time.go_to(state_.archive.files(), step);
        arrive();
        EXPECT_EQ(state_.geometry->step, step);
    };
    for (const int64_t step : {50, 100, 150, 50, 100}) show(step);
    EXPECT_EQ(reads, 3);
    values = 10 << 20;  // 40 MiB each
    for (const int64_t step : {200, 250, 300}) show(step);
    reads = 0;
    for (const int64_t step : {250, 300}) show(step);
    EXPECT_EQ(reads, 0);
    show(100);
    EXPECT_EQ(reads, 1) << "the oldest went first";
    state_.finish_aside();
}

TEST_F(TimeCursorTest, AnotherRunBeginsLive) {
    state_.time.go_to(state_.archive.files(), 100);
    arrive();
    state_.attach(nullptr);
    EXPECT_TRUE(state_.time.live());
}

}  // namespace
}  // namespace hopscope::gui_test
