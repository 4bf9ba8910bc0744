// What the strip of time shows, without a window: if these fail, a phase, a mark or a number stands
// at another step than its own.
#include "app/window/timeline.h"

#include "app/widgets/format.h"
#include "tests/app/fake_run.h"

namespace hopscope::gui_test {
namespace {

using namespace app;

TEST(TimeTrack, NumbersAreRoundAndHaveRoom) {
    const auto ticks = round_ticks(2000, 900, 90);
    ASSERT_EQ(ticks.size(), 11u);
    EXPECT_EQ(ticks[1].at, 200);
    EXPECT_EQ(ticks[10].text, "2,000");
    EXPECT_EQ(round_ticks(2000, 450, 90).size(), 5u) << "0, 500, …";
    EXPECT_EQ(round_ticks(3, 900, 90).size(), 4u) << "no parts of steps";
    EXPECT_EQ(round_ticks(1'000'000, 300, 90).back().text, "1,000,000");
    EXPECT_TRUE(round_ticks(0, 900, 90).empty());
    EXPECT_TRUE(round_ticks(100, 50, 90).empty());
}

class TimelineTest : public FakeRun {
  protected:
    TimelineTest() {
        state_.services.find_phases = made_up_phases;
        open([](FakeOptions& options) {
            options.steps = 400;
            options.can_fork = true;
        });
        session_->advance(50);
        session_->advance(50);
        frames(20, 10);
    }
};

TEST_F(TimelineTest, ShowsPhasesMarksAndWhatIsKept) {
    session_->submit({core::CommandKind::set, {{"key", std::string("lr")}, {"value", 1e-4}}}, "t");
    session_->advance(50);
    session_->submit({core::CommandKind::fork, {}}, "t");
    session_->advance(50);
    frames(20, 10);
    const TrackContent content = steps_content(state_, 900);
    EXPECT_EQ(content.end, 400);
    EXPECT_EQ(content.reached, 200);
    EXPECT_FALSE(content.cursor);
    EXPECT_EQ(content.ahead, "not trained yet");
    ASSERT_EQ(content.bands.size(), 3u);
    EXPECT_EQ(content.bands[0].name, "1  falling to " + rounded(state_.phases.all()[0].at_to, 2));
    EXPECT_EQ(content.bands[2].name, "3  level at " + rounded(state_.phases.all()[2].at_to, 2));
    EXPECT_EQ(content.bands[1].from, 0.16 * 200);
    EXPECT_EQ(content.bands[2].to, 200);
    ASSERT_EQ(content.marks.size(), 2u);
    EXPECT_EQ(content.marks[0].at, 101);
    EXPECT_EQ(content.marks[0].name, "learning rate 1.0e-04");
    EXPECT_EQ(content.marks[0].glyph, TrackGlyph::change);
    EXPECT_EQ(content.marks[1].at, 151);
    EXPECT_EQ(content.marks[1].name, "fork");
    EXPECT_EQ(content.marks[1].glyph, TrackGlyph::fork);
    ASSERT_FALSE(content.stops.empty());
    EXPECT_EQ(content.stops.back(), 200);
}

TEST_F(TimelineTest, TheCursorSaysItsStep) {
    state_.time.go_to(state_.archive.files(), 60);
    const TrackContent content = steps_content(state_, 900);
    EXPECT_EQ(content.cursor, 50);
    EXPECT_EQ(content.cursor_text, "step 50");
}

TEST_F(TimelineTest, APhaseIsExplainedWhereItIsKnown) {
    const std::string text = phase_text(state_, 20);
    EXPECT_NE(text.find("phase 2 of 3: training loss falling"), std::string::npos) << text;
    EXPECT_NE(text.find("steps 16 to 55"), std::string::npos) << text;
    EXPECT_NE(text.find("begins between 15 and 17 (95 %)"), std::string::npos) << text;
    EXPECT_EQ(phase_text(state_, 300), "");
    EXPECT_EQ(phase_text(state_, 1).find("begins"), std::string::npos) << "the first has no begin";
}

TEST_F(TimelineTest, SaysWhyThereIsNothingToPlay) {
    const auto why = [&](const char* id) {
        const auto actions = timeline_actions(state_);
        return find_action(actions, id)->refusal();
    };
    EXPECT_EQ(why("time.play"), "");
    EXPECT_EQ(why("hops.forward"), "");
    FakeOptions options;
    options.steps = 400;
    state_.attach(std::make_unique<FakeSession>(options));
    frames(5);
    EXPECT_EQ(why("time.back"), "The run keeps no snapshot yet; the first comes at step 50.");
    EXPECT_EQ(why("time.hops"), "Its hops are known with the first snapshot.");
    options.state = core::RunState::done;
    core::Config dense;
    dense.model.ffn = core::FfnKind::dense;
    state_.attach(std::make_unique<FakeSession>(options, dense));
    frames(5);
    EXPECT_EQ(why("time.back"), "A dense model has no experts. Snapshots are of routing.");
    EXPECT_EQ(why("time.hops"), "A dense model has no routing.");
    state_.attach(std::make_unique<FakeSession>(options));
    state_.services.kept_snapshots = nullptr;
    frames(5);
    EXPECT_EQ(why("time.play"), "The run's folder keeps no snapshot.");
    state_.attach(nullptr);
    EXPECT_EQ(why("time.play"), no_run(state_));
}

TEST_F(TimelineTest, HopsAreBandedByLayer) {
    go_to_hop(state_, {1, 0});
    const TrackContent content = hops_content(state_, 900);
    EXPECT_EQ(content.end, 6);
    ASSERT_EQ(content.bands.size(), 2u);
    EXPECT_EQ(content.bands[1].name, "layer 1");
    EXPECT_EQ(content.bands[1].from, 3);
    EXPECT_EQ(content.bands[1].to, 6);
    ASSERT_EQ(content.ticks.size(), 6u);
    EXPECT_EQ(content.ticks[4].text, "1");
    EXPECT_EQ(content.cursor, 3.5);
    EXPECT_EQ(content.cursor_text, "layer 1, hop 0");
    EXPECT_TRUE(hops_content(state_, 50).ticks.empty()) << "no room";
    state_.attach(nullptr);
    EXPECT_TRUE(hops_content(state_, 900).bands.empty());
}

}  // namespace
}  // namespace hopscope::gui_test
