// What the panel Run shows: settings, freezes, activity.
#include "app/panels/run/view.h"

#include <gtest/gtest.h>

#include "app/state/actions.h"
#include "tests/app/fake_session.h"
#include "tests/app/made_up.h"

namespace hopscope::app {
namespace {

using gui_test::answer;
using gui_test::set_lr;

// Wrong if the slider showed the configured value though another is in force, or hid that it waits.
TEST(RunView, SettingIsTheNewestThatWasNotRefused) {
    using enum core::AnswerState;
    core::Config config;
    std::vector<core::Answer> answers;
    EXPECT_EQ(setting_value(config, answers, "lr").value, config.train.lr);
    answers.push_back(answer(set_lr(1e-4), applied, 5));
    EXPECT_EQ(setting_value(config, answers, "lr").value, 1e-4);
    EXPECT_FALSE(setting_value(config, answers, "lr").pending);
    answers.push_back(answer(set_lr(2e-4), pending));
    EXPECT_EQ(setting_value(config, answers, "lr").value, 2e-4);
    EXPECT_TRUE(setting_value(config, answers, "lr").pending);
    answers.push_back(answer(set_lr(5), refused));
    EXPECT_EQ(setting_value(config, answers, "lr").value, 2e-4);
    EXPECT_EQ(setting_value(config, answers, "tau").value, config.moe.tau);
}

// Wrong if the box showed the state before what was asked, or kept "pending" once applied.
TEST(RunView, FreezeShowsWhatWillBe) {
    using enum core::AnswerState;
    core::RunStatus status;
    status.frozen = {"router"};
    std::vector<core::Answer> answers;
    EXPECT_TRUE(freeze_state(status, answers, core::FreezePart::router).frozen);
    EXPECT_FALSE(freeze_state(status, answers, core::FreezePart::experts).frozen);
    answers.push_back(
        answer(core::freeze_command(core::FreezePart::router, /*on=*/false), pending));
    EXPECT_FALSE(freeze_state(status, answers, core::FreezePart::router).frozen);
    EXPECT_TRUE(freeze_state(status, answers, core::FreezePart::router).pending);
    answers[0].state = applied;
    status.frozen.clear();
    EXPECT_FALSE(freeze_state(status, answers, core::FreezePart::router).pending);
}

// Wrong if a key of the run panel were none of the laboratory's: every click would be refused.
TEST(RunView, EveryControlIsACommandOfTheRegistry) {
    EXPECT_FALSE(sliders().empty());
    for (const auto& setting : sliders()) {
        const core::Slider& range = *setting.value.slider;
        EXPECT_TRUE(core::check_command({core::CommandKind::set,
                                         {{"key", setting.value.name}, {"value", range.high}}})
                        .ok())
            << setting.key;
        EXPECT_LT(range.low, range.high);
    }
}

// Wrong if the line named an evaluation that is past, beyond the last step, or of a run that ended.
TEST(RunView, ActivityElseWhatComesNext) {
    core::Config config;
    config.train.eval_every = 50;
    core::RunStatus status;
    status.state = core::RunState::running;
    status.steps = 1220;
    for (const auto& [step, next] : std::initializer_list<std::pair<int64_t, const char*>>{
             {0, "50"}, {49, "50"}, {50, "100"}, {1199, "1,200"}, {1210, "1,220"}}) {
        status.step = step;
        EXPECT_EQ(activity_line(status, config), std::string("next evaluation at step ") + next);
    }
    status.activity = "evaluating";
    EXPECT_EQ(activity_line(status, config), "evaluating\xE2\x80\xA6");
    status.progress = 0.4f;
    EXPECT_EQ(activity_line(status, config), "evaluating, 40 %");
    status.activity.clear();
    status.step = status.steps;
    EXPECT_EQ(activity_line(status, config), "");
    status.step = 10;
    for (const auto state : {core::RunState::failed, core::RunState::stopping}) {
        status.state = state;
        EXPECT_EQ(activity_line(status, config), "");
    }
    status.state = core::RunState::paused;
    status.writer_left = true;
    EXPECT_EQ(activity_line(status, config), "") << "nobody is there to evaluate";
}

}  // namespace
}  // namespace hopscope::app
