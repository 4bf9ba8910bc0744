// If these fail, the panels show another hop than the timeline says, or playing it never ends.
#include "app/state/hop_clock.h"

#include "tests/app/fake_run.h"

namespace hopscope::gui_test {
namespace {

using namespace app;

/// Two layers of three hops.
class HopClockTest : public FakeRun {
  protected:
    HopClockTest() {
        open([](FakeOptions& options) { options.start_step = 20; });
        frames(1);
        state_.playback.clock = Clock::hops;
    }
    HopPlace now() const { return {state_.selection.layer, state_.selection.hop}; }
    std::vector<HopPlace> played() {
        std::vector<HopPlace> seen;
        state_.playback.playing = true;
        for (int frame = 0; frame < 12 && state_.playback.playing; ++frame) {
            frames(1);
            seen.push_back(now());
        }
        return seen;
    }
};

TEST_F(HopClockTest, PlacesAreInTheOrderOfAToken) {
    const std::vector<HopPlace> expected = {{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}};
    EXPECT_EQ(hop_places(state_), expected);
    EXPECT_FALSE(hop_place(state_)) << "all hops are shown";
    go_to_hop(state_, {1, 1});
    EXPECT_EQ(hop_place(state_), 4u);
}

TEST_F(HopClockTest, LayersWithoutExpertsHaveNone) {
    core::GeometrySnapshot snapshot = *state_.geometry;
    snapshot.layers[0].experts = 0;
    state_.geometry = std::make_shared<const core::GeometrySnapshot>(std::move(snapshot));
    ASSERT_EQ(hop_places(state_).size(), 3u);
    EXPECT_EQ(hop_places(state_)[0], (HopPlace{1, 0}));
    state_.attach(nullptr);
    EXPECT_TRUE(hop_places(state_).empty());
    step_hops(state_, +1);
    EXPECT_EQ(state_.selection.hop, kAllHops);
}

TEST_F(HopClockTest, StepsThroughTheLayers) {
    state_.selection.set_layer(1);
    step_hops(state_, -1);
    EXPECT_EQ(now(), (HopPlace{1, 2})) << "from all hops to the last of the selected layer";
    step_hops(state_, +1);
    EXPECT_EQ(now(), (HopPlace{1, kAllHops}));
    step_hops(state_, +1);
    EXPECT_EQ(now(), (HopPlace{1, 0}));
    step_hops(state_, -1);
    EXPECT_EQ(now(), (HopPlace{0, 2}));
    step_hops(state_, -1);
    step_hops(state_, -1);
    step_hops(state_, -1);
    EXPECT_EQ(now(), (HopPlace{0, 0})) << "nothing comes before the first";
}

TEST_F(HopClockTest, PlaysToTheEndOrAroundALayer) {
    go_to_hop(state_, {0, 1});
    const std::vector<HopPlace> to_the_end = {{0, 2}, {1, 0}, {1, 1}, {1, 2}, {1, kAllHops}};
    EXPECT_EQ(played(), to_the_end);
    EXPECT_FALSE(state_.playback.playing);
    state_.playback.loop = true;
    const auto around = played();
    ASSERT_EQ(around.size(), 12u);
    for (size_t i = 0; i < around.size(); ++i)
        EXPECT_EQ(around[i], (HopPlace{1, static_cast<int64_t>(i % 3)}));
}

TEST_F(HopClockTest, TheClockOfStepsLeavesHopsAlone) {
    state_.playback.clock = Clock::steps;
    for (const HopPlace& place : played()) EXPECT_EQ(place, (HopPlace{0, kAllHops}));
}

TEST_F(HopClockTest, AnotherRunBeginsWithItsSteps) {
    state_.playback.playing = true;
    state_.attach(nullptr);
    EXPECT_EQ(state_.playback.clock, Clock::steps);
    EXPECT_FALSE(state_.playback.playing);
}

}  // namespace
}  // namespace hopscope::gui_test
