// Rules that watch the run: the statistics they use, and what they do.
#include "app/state/run_rules.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "core/api/load_fade.h"
#include "tests/app/fake_run.h"
#include "tests/app/made_up.h"

namespace hopscope::app {
namespace {

using gui_test::record;

/// Wiggles between 2.0 and 2.2.
float level(int64_t step) {
    return 2.1f + 0.1f * static_cast<float>(std::sin(static_cast<double>(step) * 1.7));
}

/// A past of 200 updates, then `later` one by one; all that was found.
std::vector<Finding> found_in(RunRules& rules, const std::vector<float>& later,
                              const core::TrainConfig& train = {}) {
    std::vector<core::ScalarRecord> past;
    for (int64_t step = 1; step <= 200; ++step) past.push_back(record(step, level(step)));
    past[100].loss = 50;  // of the past nothing is told
    std::vector<Finding> out = rules.read(past, train);
    for (size_t i = 0; i < later.size(); ++i) {
        const core::ScalarRecord r = record(201 + static_cast<int64_t>(i), later[i]);
        for (Finding& finding : rules.read({&r, 1}, train)) out.push_back(std::move(finding));
    }
    return out;
}

// Wrong if the score followed the outliers that are sought: the reference sorts the window.
TEST(RobustWindow, ScoreIsMedianAndMadOfTheWindow) {
    RobustWindow window(5, 3);
    EXPECT_EQ(window.measure(7).n, 0u);
    EXPECT_EQ(window.measure(7).score, 0);
    for (const double v : {100.0, 1.0, 2.0, 1000.0, 3.0, 4.0}) window.add(v);  // 100 has gone
    window.add(std::nan(""));
    const Outlyingness found = window.measure(13);
    EXPECT_EQ(found.n, 5u);
    EXPECT_DOUBLE_EQ(found.median, 3);  // of 1 2 3 4 1000; deviations 0 1 1 2 997
    EXPECT_DOUBLE_EQ(found.score, 10 / 1.4826);
    RobustWindow even(4, 2);
    for (const double v : {1.0, 2.0, 3.0, 4.0}) even.add(v);
    EXPECT_DOUBLE_EQ(even.measure(0).median, 2.5);
    RobustWindow constant(8, 2);
    for (int i = 0; i < 8; ++i) constant.add(2);
    EXPECT_NEAR(constant.measure(2.01).score, 5, 1e-9) << "a level curve has a spread";
    EXPECT_TRUE(std::isfinite(RobustWindow(2, 0).measure(1).score));
}

// Wrong if a jump were not told, not where it was, told for each update that it lasts, or if noise
// or the past were called one.
TEST(RunRules, AJumpIsToldOnceWithItsStepAndBatch) {
    RunRules rules;
    std::vector<float> later;
    for (int64_t step = 201; step <= 300; ++step) later.push_back(level(step));
    EXPECT_TRUE(found_in(rules, later).empty());
    later[49] = later[50] = later[51] = 9;
    rules.forget();
    core::TrainConfig train;
    auto found = found_in(rules, later, train);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].rule, Rule::loss_spike);
    EXPECT_EQ(found[0].step, 250);
    EXPECT_NE(found[0].text.find("step 250"), std::string::npos) << found[0].text;
    EXPECT_NE(found[0].text.find("batch 249"), std::string::npos) << found[0].text;
    train.grad_accum = 4;
    rules.forget();
    found = found_in(rules, later, train);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_NE(found[0].text.find("micro-batches 996 \xE2\x80\xA6 999"), std::string::npos)
        << found[0].text;
    EXPECT_EQ(rules.findings().size(), 1u);
    rules.dismiss();
    EXPECT_TRUE(rules.findings().empty());
}

// Wrong if a rule that is off, or asks for more, still spoke, or a switch were forgotten with the
// run.
TEST(RunRules, EachIsSwitchedByItself) {
    std::vector<float> later(40, 2.1f);
    later[20] = 3;  // some ten spreads
    RunRules rules;
    rules.setting(Rule::loss_spike).threshold = 5;
    EXPECT_EQ(found_in(rules, later).size(), 1u);
    rules.forget();
    rules.setting(Rule::loss_spike).threshold = 1000;
    EXPECT_TRUE(found_in(rules, later).empty());
    rules.setting(Rule::loss_spike) = {.on = false, .pauses = false, .threshold = 5};
    rules.forget();
    EXPECT_FALSE(rules.setting(Rule::loss_spike).on);
    EXPECT_TRUE(found_in(rules, later).empty());
    later[30] = std::nanf("");
    later[31] = std::nanf("");
    rules.forget();
    const auto found = found_in(rules, later);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].rule, Rule::not_finite);
    EXPECT_EQ(found[0].step, 231);
}

// Wrong if an expert were called dead that had a token within the time, or never one that had none:
// the load is faded here as the run fades it.
TEST(RunRules, IdleTimeIsWhatTheLoadProves) {
    const double choices = 4096;
    for (const double share : {1 / choices, 0.01, 1.0}) {
        double load = (1 - core::kLoadKept) * share;
        for (int64_t idle = 0; idle <= 400; ++idle) {
            const int64_t proved =
                idle_updates(static_cast<double>(static_cast<float>(load)), choices, 100000);
            EXPECT_LE(proved, idle) << share;
            // Even one that had every token is known to be idle some 80 updates later.
            EXPECT_GE(proved, idle - 90) << share;
            load *= core::kLoadKept;
        }
    }
    EXPECT_EQ(idle_updates(0, choices, 123), 123);
    EXPECT_EQ(idle_updates(std::nan(""), choices, 123), 0);
    EXPECT_EQ(idle_updates(0.1, 0, 123), 0);
}

// Wrong if dead experts were not named, told again with each snapshot, or if a layer that counts
// nothing were full of them.
TEST(RunRules, DeadExpertsAreToldOnce) {
    core::Config config;
    core::GeometrySnapshot snapshot;
    snapshot.step = 1000;
    snapshot.layers.resize(3);
    for (auto& layer : snapshot.layers) layer.hops = 2, layer.top_k = 4;
    snapshot.layers[0].load = {0.5f, 0.5f, 0};
    snapshot.layers[1].load = {0, 0, 0};
    snapshot.layers[2].load = {0.9f, 1e-20f, 0.1f};
    RunRules rules;
    rules.setting(Rule::dead_experts).pauses = true;
    auto found = rules.read(snapshot, config);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_NE(found[0].text.find("2 experts"), std::string::npos) << found[0].text;
    EXPECT_NE(found[0].text.find("layer 0: E2; layer 2: E1"), std::string::npos) << found[0].text;
    EXPECT_FALSE(found[0].pauses) << "it was so when the run was opened";
    EXPECT_TRUE(rules.read(snapshot, config).empty());
    snapshot.layers[2].load[1] = 0.1f;  // it lives again
    EXPECT_TRUE(rules.read(snapshot, config).empty());
    snapshot.layers[2].load[1] = 0;
    found = rules.read(snapshot, config);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(found[0].pauses);
    rules.setting(Rule::dead_experts).on = false;
    rules.forget();
    EXPECT_TRUE(rules.read(snapshot, config).empty());
}

using RulesOfARun = gui_test::FakeRun;

// Wrong if a rule that pauses sent nothing, one that warns stopped the run, or neither was told.
TEST_F(RulesOfARun, PauseAsACommandOfTheWindow) {
    for (const bool pauses : {false, true}) {
        open([](gui_test::FakeOptions& options) {
            options.start_step = 150;
            options.spike_at = 160;
        });
        state_.log.clear();
        state_.rules.setting(Rule::loss_spike).pauses = pauses;
        state_.rules.setting(Rule::gradient_spike).on = false;  // it jumps, too
        frames(2);
        EXPECT_TRUE(state_.rules.findings().empty());
        session_->advance(20);
        frames(2);
        ASSERT_EQ(state_.rules.findings().size(), 1u);
        EXPECT_EQ(state_.rules.findings()[0].step, 160);
        const auto& sent = session_->received();
        EXPECT_EQ(std::count_if(sent.begin(), sent.end(),
                                [](const core::Command& command) {
                                    return command.kind == core::CommandKind::pause;
                                }),
                  pauses ? 1 : 0);
        EXPECT_TRUE(std::any_of(state_.log.begin(), state_.log.end(), [](const LogLine& line) {
            return line.text.find("step 160") != std::string::npos;
        }));
    }
}

}  // namespace
}  // namespace hopscope::app
