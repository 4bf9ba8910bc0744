// If these fail, the window shows phases of another run, or looks for them in every frame.
#include "app/state/loss_phases.h"

#include <atomic>

#include "tests/app/fake_run.h"

namespace hopscope::gui_test {
namespace {

using namespace app;

class LossPhasesTest : public FakeRun {
  protected:
    void open_as(core::RunState as) {
        state_.services.find_phases = [this](const std::vector<double>& steps,
                                             const std::vector<double>& losses) {
            ++looks_;
            return made_up_phases(steps, losses);
        };
        open([&](FakeOptions& options) {
            options.start_step = 100;
            options.state = as;
        });
    }

    std::atomic<int> looks_{0};
};

TEST_F(LossPhasesTest, OfAnOpenedRunAreThereAtOnceAndLookedForOnce) {
    open_as(core::RunState::done);
    frames(20, 0.01);
    ASSERT_EQ(state_.phases.all().size(), 3u);
    EXPECT_EQ(state_.phases.all().back().to, 100);
    EXPECT_EQ(looks_, 1);
    EXPECT_EQ(state_.phases.at(1), 0);
    EXPECT_EQ(state_.phases.at(16), 1) << "a phase begins where it begins";
    EXPECT_EQ(state_.phases.at(100), 2);
    EXPECT_EQ(state_.phases.at(101), -1) << "not known";
    EXPECT_EQ(state_.phases.at(0), -1);
}

TEST_F(LossPhasesTest, OfARunInTrainingFollowItNowAndThen) {
    open_as(core::RunState::running);
    frames(5, 1);
    looks_ = 0;
    for (int i = 0; i < 20; ++i) {
        session_->advance(10);
        frames(1, 0.5);
    }
    EXPECT_GE(looks_, 1);
    EXPECT_LE(looks_, 3) << "of twenty frames in ten seconds";
    frames(5, 10);
    EXPECT_EQ(state_.phases.all().back().to, 300);
}

TEST_F(LossPhasesTest, AnotherRunHasNoneYet) {
    open_as(core::RunState::done);
    frames(20, 0.01);
    ASSERT_FALSE(state_.phases.all().empty());
    state_.attach(nullptr);
    EXPECT_TRUE(state_.phases.all().empty());
}

}  // namespace
}  // namespace hopscope::gui_test
