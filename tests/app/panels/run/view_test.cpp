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

// Wrong if the way back led elsewhere than where the value came from, or the step were another's.
TEST(RunView, SettingKnowsSinceWhenAndWhatItWas) {
    using enum core::AnswerState;
    core::Config config;
    std::vector<core::Answer> answers;
    EXPECT_FALSE(setting_value(config, answers, "lr").changed());
    EXPECT_EQ(setting_value(config, answers, "lr").step, -1);
    answers.push_back(answer(set_lr(1e-4), applied, 5));
    EXPECT_EQ(setting_value(config, answers, "lr").step, 5);
    EXPECT_EQ(setting_value(config, answers, "lr").before, config.train.lr);
    answers.push_back(answer(set_lr(2e-4), applied, 9));
    answers.push_back(answer(set_lr(2e-4), applied, 12));
    EXPECT_EQ(setting_value(config, answers, "lr").before, 1e-4) << "not the same value again";
    answers.push_back(answer(set_lr(3e-4), pending));
    EXPECT_EQ(setting_value(config, answers, "lr").step, -1);
    EXPECT_EQ(setting_value(config, answers, "lr").before, 2e-4);
}

// Wrong if a part were left out of the sum, an update without times counted, or the rest negative.
TEST(RunView, TheTimeOfAnUpdateIsTheSumOfItsParts) {
    History h;
    EXPECT_EQ(time_split(h, 20, 100).updates, 0);
    for (int i = 1; i <= 30; ++i) {
        core::ScalarRecord r = gui_test::record(i, 2.0f);  // 1,000 tokens a second
        if (i == 25) {
            h.append(r);
            continue;
        }
        r.data_ms = 1, r.forward_ms = 30, r.backward_ms = 50, r.optimizer_ms = 10;
        if (i % 2 == 0) r.publish_ms = 4;
        h.append(r);
    }
    const TimeSplit split = time_split(h, 20, 100);
    EXPECT_EQ(split.updates, 20);
    EXPECT_NEAR(split.update_ms, 100, 1e-9);
    double sum = 0;
    for (const TimePart& part : split.parts) sum += part.ms;
    EXPECT_NEAR(sum, split.update_ms, 1e-6);
    EXPECT_NEAR(split.parts[0].ms, 30, 1e-6);
    EXPECT_NEAR(split.parts[4].ms, 9, 1e-6);
    EXPECT_NEAR(split.publish_ms, 4, 1e-6);
    EXPECT_EQ(time_split(h, 20, 50).parts[4].ms, 0) << "measured by clocks that differ a little";
}

// Wrong if what was set were not in force, or what waits or was refused were.
TEST(RunView, PresentConfigurationHasWhatWasSet) {
    using enum core::AnswerState;
    const core::Config config;
    EXPECT_EQ(present_config(config, {}).train.lr, config.train.lr);
    const std::vector<core::Answer> answers = {
        answer(set_lr(1e-4), applied, 5), answer(set_lr(2e-4), applied, 6),
        answer(set_lr(3e-4), refused), answer(set_lr(4e-4), pending),
        answer(gui_test::parsed(R"({"command": "set", "key": "top_k", "value": 1})"), applied, 7)};
    EXPECT_EQ(present_config(config, answers).train.lr, 2e-4);
    EXPECT_EQ(present_config(config, answers).moe.top_k, 1);
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
    EXPECT_GE(core::live_settings().size(), 6u);
    for (const auto& setting : core::live_settings()) {
        const double high =
            setting.value.slider ? setting.value.slider->high : std::max(setting.value.min, 1.0);
        if (setting.value.slider) {
            EXPECT_LT(setting.value.slider->low, high);
        }
        if (setting.value.open_max && high >= setting.value.max) continue;
        EXPECT_TRUE(core::check_command(
                        {core::CommandKind::set, {{"key", setting.value.name}, {"value", high}}})
                        .ok())
            << setting.key;
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
