// If these fail, a larger sample stays behind when another moment or run is looked at, or the task
// that takes it cannot be stopped.
#include "app/state/token_sample.h"

#include "app/state/number.h"
#include "tests/app/fake_run.h"

namespace hopscope::gui_test {
namespace {

class TokenSampleTest : public FakeRun {
  protected:
    TokenSampleTest() {
        open([](FakeOptions& options) { options.start_step = 100; });
        session_->advance(50);
        frames(5);
    }
    void take(int64_t tokens) {
        state_.sample.wanted = tokens;
        state_.sample.start(state_);
        for (int i = 0; i < 4000 && state_.sample.working(); ++i) frames(1, 0.01);
        frames(2);
    }
    size_t tokens() const { return state_.geometry->token_ids.size(); }
};

// Wrong if the panels kept the old picture, or took the sample for the same one as before.
TEST_F(TokenSampleTest, StandsInPlaceOfTheRunsOwn) {
    const uint64_t before = state_.geometry->version;
    EXPECT_EQ(tokens(), 8u);
    EXPECT_STREQ(state_.sample.in_words(), "the fixed sample");
    take(40);
    ASSERT_TRUE(state_.sample.shown());
    EXPECT_STREQ(state_.sample.in_words(), "the larger sample");
    EXPECT_EQ(tokens(), 40u);
    EXPECT_EQ(state_.geometry->step, 100);
    EXPECT_NE(state_.geometry->version, before);
    const uint64_t first = state_.geometry->version;
    session_->advance(10);
    frames(2);
    EXPECT_EQ(tokens(), 40u) << "a run that goes on takes it away";
    take(50);
    EXPECT_EQ(tokens(), 50u);
    EXPECT_NE(state_.geometry->version, first);
    state_.sample.put_away(state_);
    frames(1);
    EXPECT_EQ(tokens(), 8u);
    EXPECT_EQ(state_.geometry->step, 160);
    state_.sample.show(state_);
    frames(1);
    EXPECT_EQ(tokens(), 50u);
}

// Wrong if a number of the sample named a command that gives another, or numbers of the run's own
// lost theirs.
TEST_F(TokenSampleTest, NoCommandIsOfferedForWhatNoneTakes) {
    state_.status.run_dir = "runs/a";
    EXPECT_NE(panel_command(state_, "experts", state_.geometry->step), "");
    take(40);
    ASSERT_TRUE(state_.sample.shown());
    state_.status.run_dir = "runs/a";
    EXPECT_EQ(panel_command(state_, "experts", state_.geometry->step), "");
    EXPECT_NE(panel_command(state_, "experts", -1), "");
    EXPECT_NE(panel_command(state_, "experts", state_.geometry->step + 1), "");
    EXPECT_NE(analysis_command(state_, "load"), "");
}

// Wrong if it hid the step that the user goes to, or the way back to the present.
TEST_F(TokenSampleTest, GoesWithAMoveInTime) {
    take(40);
    frames(30);
    state_.time.go_to(state_.archive.files(), 100);
    frames(30);
    EXPECT_FALSE(state_.sample.shown());
    EXPECT_EQ(tokens(), 8u);
    state_.sample.show(state_);
    frames(1);
    EXPECT_EQ(tokens(), 40u);
    state_.time.go_live();
    frames(1);
    EXPECT_FALSE(state_.sample.shown());
    EXPECT_EQ(state_.geometry->step, 150);
}

// Wrong if a token that the probe sample does not have stayed selected or hidden.
TEST_F(TokenSampleTest, SelectionFitsWhatIsShown) {
    take(40);
    state_.selection.pick_probe_token(3, false);
    state_.selection.pick_probe_token(30, true);
    state_.selection.hidden.tokens = {4, 31};
    frames(2);
    EXPECT_EQ(state_.selection.probe_tokens.size(), 2u);
    const uint64_t version = state_.selection.version, hidden = state_.selection.hidden_version;
    state_.sample.put_away(state_);
    frames(1);
    EXPECT_EQ(state_.selection.probe_tokens, std::set<int64_t>{3});
    EXPECT_EQ(state_.selection.hidden.tokens, std::set<int64_t>{4});
    EXPECT_GT(state_.selection.version, version);
    EXPECT_GT(state_.selection.hidden_version, hidden);
}

// Wrong if what was dropped were a step, which undo could not get past.
TEST_F(TokenSampleTest, UndoGoesOnBehindTokensThatAreGone) {
    take(40);
    state_.selection.pick_probe_token(3, false);
    frames(2);
    state_.selection.pick_probe_token(30, false);
    frames(2);
    state_.sample.put_away(state_);
    frames(2);
    EXPECT_TRUE(state_.selection.probe_tokens.empty());
    state_.selection_history.undo(state_.selection);
    frames(2);
    EXPECT_EQ(state_.selection.probe_tokens, std::set<int64_t>{3});
    state_.selection_history.undo(state_.selection);
    frames(2);
    EXPECT_TRUE(state_.selection.probe_tokens.empty());
    EXPECT_FALSE(state_.selection_history.can_undo());
    state_.selection_history.redo(state_.selection);
    frames(2);
    EXPECT_EQ(state_.selection.probe_tokens, std::set<int64_t>{3});
}

// Wrong if a sample that comes late took the user away from the moment chosen meanwhile.
TEST_F(TokenSampleTest, ComesLateWithoutAMoveInTime) {
    frames(30);
    state_.sample.wanted = 40;
    state_.sample.start(state_);
    state_.time.go_to(state_.archive.files(), 100);
    for (int i = 0; i < 4000 && state_.sample.working(); ++i) frames(1, 0.01);
    frames(30);
    EXPECT_FALSE(state_.sample.shown());
    EXPECT_EQ(tokens(), 8u);
    ASSERT_FALSE(state_.log.empty());
    EXPECT_NE(state_.log.back().text.find("are ready"), std::string::npos);
    state_.sample.show(state_);
    frames(1);
    EXPECT_EQ(tokens(), 40u);
}

// Wrong if a failure were silent, a cancelled one shown, or one of another run.
TEST_F(TokenSampleTest, FailsIsCancelledAndEndsWithTheRun) {
    take(333);
    EXPECT_FALSE(state_.sample.shown());
    ASSERT_FALSE(state_.log.empty());
    EXPECT_TRUE(state_.log.back().problem);
    EXPECT_NE(state_.log.back().text.find("no complete checkpoint"), std::string::npos);
    state_.sample.wanted = 777;
    EXPECT_EQ(state_.sample.refusal(state_), "");
    state_.sample.start(state_);
    frames(5);
    EXPECT_TRUE(state_.sample.working());
    EXPECT_EQ(state_.sample.refusal(state_), "A sample is being taken.");
    state_.sample.cancel(state_);
    for (int i = 0; i < 4000 && state_.sample.working(); ++i) frames(1, 0.01);
    EXPECT_EQ(state_.sample.task().state, app::TaskState::cancelled);
    EXPECT_EQ(state_.sample.snapshot(), nullptr);
    take(40);
    ASSERT_TRUE(state_.sample.shown());
    open([](FakeOptions& options) { options.start_step = 100; });
    frames(2);
    EXPECT_FALSE(state_.sample.shown());
    EXPECT_EQ(state_.sample.snapshot(), nullptr);
    EXPECT_EQ(tokens(), 8u);
    state_.services.token_sample = nullptr;
    EXPECT_EQ(state_.sample.refusal(state_), "This window has no laboratory.");
}

}  // namespace
}  // namespace hopscope::gui_test
