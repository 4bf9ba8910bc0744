// What the panels show, computed without a window: history, curves, settings, freezes, words.
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "app/panels/curves/view.h"
#include "app/panels/log/view.h"
#include "app/panels/run/view.h"
#include "app/state/actions.h"
#include "app/widgets/format.h"
#include "fake_session.h"

namespace hopscope::app {
namespace {

core::ScalarRecord record(int64_t step, float loss, float valid = core::kNaN) {
    core::ScalarRecord r;
    r.step = step;
    r.tokens = step * 100;
    r.seconds = static_cast<double>(step) * 0.5;
    r.loss = loss;
    r.valid_loss = valid;
    r.tokens_per_s = 1000;
    return r;
}

core::Answer answer(core::Command command, core::AnswerState state, int64_t step = -1) {
    core::Answer a;
    a.command = std::move(command);
    a.state = state;
    a.step = step;
    return a;
}

core::Command set_lr(double value) {
    return {core::CommandKind::set, {{"key", std::string("lr")}, {"value", value}}};
}

// Wrong if an update or a validation point were lost, or stood at another x.
TEST(History, KeepsEveryRecordAndTheValidationPoints) {
    History h;
    for (int i = 1; i <= 1000; ++i)
        h.append(record(i, static_cast<float>(i), i % 100 == 0 ? 7.0f : core::kNaN));
    ASSERT_EQ(h.step.size(), 1000u);
    EXPECT_EQ(h.loss[499], 500.0);
    EXPECT_EQ(h.valid_step,
              (std::vector<double>{100, 200, 300, 400, 500, 600, 700, 800, 900, 1000}));
    EXPECT_EQ(h.valid_tokens.back(), 100000.0);
}

// Wrong if a resumed run drew its repeated updates twice: x would run backwards.
TEST(History, ResumedRunReplacesTheTail) {
    History h;
    for (int i = 1; i <= 30; ++i) h.append(record(i, 1.0f, i == 25 ? 3.0f : core::kNaN));
    h.append(record(20, 2.0f));
    ASSERT_EQ(h.step.size(), 20u);
    EXPECT_EQ(h.step.back(), 20.0);
    EXPECT_EQ(h.loss.back(), 2.0);
    EXPECT_TRUE(h.valid_step.empty());
    EXPECT_TRUE(std::is_sorted(h.step.begin(), h.step.end()));
}

// Wrong if layers that appear later shifted the columns of a layer against the steps.
TEST(History, LateLayersAreFilledWithMissingValues) {
    History h;
    h.append(record(1, 1.0f));
    core::ScalarRecord r = record(2, 1.0f);
    r.layers.resize(2);
    r.layers[1].entropy = 4.0f;
    h.append(r);
    h.append(record(3, 1.0f));
    ASSERT_EQ(h.layers.size(), 2u);
    ASSERT_EQ(h.layers[1].of(RoutingStat::entropy).size(), 3u);
    EXPECT_TRUE(std::isnan(h.layers[1].of(RoutingStat::entropy)[0]));
    EXPECT_EQ(h.layers[1].of(RoutingStat::entropy)[1], 4.0);
    EXPECT_TRUE(std::isnan(h.layers[1].of(RoutingStat::entropy)[2]));
}

// Wrong if two histories could be taken for one another by a panel that keeps views into one.
TEST(History, VersionsAreNeverUsedTwice) {
    History a, b;
    a.append(record(1, 1));
    b.append(record(1, 1));
    EXPECT_NE(a.version, b.version);
    EXPECT_EQ(History{}.version, 0u);
}

// Wrong if the raw curve hid behind nothing, or the perplexity were smoothed in the wrong space.
TEST(Curves, RawSmoothedAndValidation) {
    History h;
    for (int i = 1; i <= 50; ++i) h.append(record(i, 2.0f, i % 10 == 0 ? 2.5f : core::kNaN));
    CurveChoice choice;
    auto series = curves_of(h, choice);
    ASSERT_EQ(series.size(), 3u);
    EXPECT_EQ(series[0].role, Role::raw);
    EXPECT_EQ(series[1].role, Role::smooth);
    EXPECT_EQ(series[2].role, Role::points);
    EXPECT_EQ(series[2].xs.size(), 5u);
    EXPECT_NEAR(series[1].ys.front(), 2.0, 1e-9);  // corrected for its start
    choice.quantity = Quantity::perplexity;
    choice.x = XAxis::tokens;
    series = curves_of(h, choice);
    ASSERT_EQ(series.size(), 3u);
    EXPECT_NEAR(series[1].ys.back(), std::exp(2.0), 1e-6);
    EXPECT_NEAR(series[2].ys.back(), std::exp(2.5), 1e-6);
    EXPECT_EQ(series[0].xs.back(), 5000.0);
    choice.smoothing = 0;
    EXPECT_EQ(curves_of(h, choice).size(), 2u);
}

// Wrong if a statistic showed another one's values, if what is recorded with the snapshots alone
// were lost between the updates without it, or drawn as a line through nothing.
TEST(Curves, EachStatisticShowsItsOwnValues) {
    using S = RoutingStat;
    const auto layer_at = [](int step) {
        core::LayerScalars l;
        const auto i = static_cast<float>(step);
        l.entropy = 1 * i, l.max_prob = 2 * i, l.jaccard = 3 * i, l.load_cv = 4 * i;
        l.load_max_over_mean = 5 * i, l.load_q10 = 6 * i, l.load_q50 = 7 * i, l.load_q90 = 8 * i;
        l.dead = 9 * i, l.tau = 10 * i, l.moe_scale = 11 * i;
        if (step % 10) return l;
        l.coupling = 12 * i, l.collinearity = 13 * i, l.nearest_cosine = 14 * i;
        l.score_spearman = 15 * i, l.gradient_cosine = 16 * i;
        return l;
    };
    const std::vector<S> order = {
        S::entropy,        S::max_prob, S::jaccard,      S::load_cv,        S::load_max_over_mean,
        S::load_q10,       S::load_q50, S::load_q90,     S::dead,           S::tau,
        S::moe_scale,      S::coupling, S::collinearity, S::nearest_cosine, S::score_spearman,
        S::gradient_cosine};
    ASSERT_EQ(order.size(), kRoutingStats);
    History h;
    for (int i = 1; i <= 50; ++i) {
        auto r = record(i, 2.0f);
        r.layers = {core::LayerScalars(), layer_at(i)};
        h.append(r);
    }
    CurveChoice choice;
    choice.quantity = Quantity::routing;
    choice.smoothing = 0;
    for (size_t i = 0; i < order.size(); ++i) {
        choice.stat = order[i];
        const bool snapshots = i >= 11;
        EXPECT_EQ(row_of(order[i]).with_snapshots, snapshots) << row_of(order[i]).name;
        const auto series = curves_of(h, choice);
        ASSERT_EQ(series.size(), 1u) << row_of(order[i]).name;
        EXPECT_EQ(series[0].name, "layer 1");
        EXPECT_EQ(series[0].xs.size(), snapshots ? 5u : 50u);
        EXPECT_EQ(series[0].xs.front(), snapshots ? 10.0 : 1.0);
        EXPECT_EQ(series[0].ys.back(), 50.0 * static_cast<double>(i + 1)) << row_of(order[i]).name;
    }
    choice.smoothing = 0.9f;
    EXPECT_EQ(curves_of(h, choice)[0].ys.back(), 800.0) << "what is joined is not smoothed";
    h.append(record(30, 2.0f));  // a resumed run repeats updates
    EXPECT_EQ(curves_of(h, choice)[0].xs.size(), 2u);
}

// Wrong if an empty plot promised what never comes, or did not say what the run lacks.
TEST(Curves, AnEmptyPlotSaysWhatIsMissing) {
    CurveChoice choice;
    choice.quantity = Quantity::routing;
    choice.stat = RoutingStat::jaccard;
    History h;
    EXPECT_STREQ(empty_text(h, choice).title, "No updates yet");
    auto r = record(1, 2.0f);
    h.append(r);
    EXPECT_NE(empty_text(h, choice).text.find("dense"), std::string::npos);
    r.step = 2;
    r.layers.resize(1);
    h.append(r);
    EXPECT_STREQ(empty_text(h, choice).title, "Not measured in this run");
    EXPECT_NE(empty_text(h, choice).text.find("more than one hop"), std::string::npos);
    choice.stat = RoutingStat::coupling;
    EXPECT_STREQ(empty_text(h, choice).title, "Not measured yet");
    EXPECT_NE(empty_text(h, choice).text.find("train.snapshot_every"), std::string::npos);
}

// Wrong if a quantity that was not measured drew an empty line instead of saying so.
TEST(Curves, NothingMeasuredGivesNoSeries) {
    History h;
    for (int i = 1; i <= 5; ++i) h.append(record(i, 1));
    for (Quantity q : {Quantity::lr, Quantity::grad_norm, Quantity::balance, Quantity::routing}) {
        CurveChoice choice;
        choice.quantity = q;
        EXPECT_TRUE(curves_of(h, choice).empty()) << text_of(q).tab;
    }
}

// Wrong if a missing value or a spike outside the view set the axis.
TEST(Curves, RangesIgnoreMissingValuesAndWhatIsOutOfView) {
    History h;
    h.append(record(1, 1000));
    for (int i = 2; i <= 20; ++i) h.append(record(i, i == 9 ? core::kNaN : 3.0f + 0.1f * (i % 2)));
    CurveChoice choice;
    choice.smoothing = 0;
    const auto series = curves_of(h, choice);
    const Range y = y_range(series, {2, 20}, false);
    EXPECT_GT(y.low, 2.5);
    EXPECT_LT(y.high, 3.5);
    EXPECT_GT(y_range(series, {1, 20}, false).high, 1000);
    const Range empty = y_range({}, {0, 1}, true);
    EXPECT_GT(empty.low, 0);  // a logarithmic axis cannot show 0
    EXPECT_GE(x_range({}).high, 1);
}

// Wrong if the read-out showed a value of another step without saying so, or failed at gaps.
TEST(Curves, ReadOutFindsTheNearestValueThatIsThere) {
    History h;
    for (int i = 1; i <= 10; ++i)
        h.append(record(i, i == 5 || i == 10 ? core::kNaN : static_cast<float>(i)));
    CurveChoice choice;
    choice.smoothing = 0;
    const auto series = curves_of(h, choice);
    double at = 0, value = 0;
    ASSERT_TRUE(value_at(series[0], 7.2, at, value));
    EXPECT_EQ(at, 7);
    ASSERT_TRUE(value_at(series[0], 4.9, at, value));
    EXPECT_TRUE(at == 4 || at == 6);
    ASSERT_TRUE(value_at(series[0], 1e9, at, value));
    EXPECT_EQ(at, 9);
    ASSERT_TRUE(last_value(series[0], at, value));
    EXPECT_EQ(value, 9);
    EXPECT_FALSE(value_at(Series{}, 0, at, value));
}

// Wrong if pausing marked the curves, or an intervention stood at the wrong place of another axis.
TEST(Curves, MarksAreAppliedInterventionsAtTheirStep) {
    using enum core::AnswerState;
    History h;
    for (int i = 1; i <= 20; ++i) h.append(record(i, 1));
    const core::Command freeze{core::CommandKind::freeze, {{"what", std::string("router")}}};
    const std::vector<core::Answer> answers = {
        answer({core::CommandKind::pause, {}}, applied, 3), answer(freeze, applied, 7),
        answer(set_lr(1e-4), applied, 7), answer(freeze, pending), answer(freeze, refused)};
    auto marks = marks_of(answers, h, XAxis::step);
    ASSERT_EQ(marks.size(), 1u);
    EXPECT_EQ(marks[0].x, 7);
    EXPECT_EQ(marks[0].text, "freeze router, learning rate 1.0e-04");
    marks = marks_of(answers, h, XAxis::tokens);
    ASSERT_EQ(marks.size(), 1u);
    EXPECT_EQ(marks[0].x, 700);
}

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
    EXPECT_TRUE(freeze_state(status, answers, "router").frozen);
    EXPECT_FALSE(freeze_state(status, answers, "experts").frozen);
    answers.push_back(
        answer({core::CommandKind::unfreeze, {{"what", std::string("router")}}}, pending));
    EXPECT_FALSE(freeze_state(status, answers, "router").frozen);
    EXPECT_TRUE(freeze_state(status, answers, "router").pending);
    answers[0].state = applied;
    status.frozen.clear();
    EXPECT_FALSE(freeze_state(status, answers, "router").pending);
}

// Wrong if a key of the run panel were none of the laboratory's: every click would be refused.
TEST(RunView, EveryControlIsACommandOfTheRegistry) {
    EXPECT_FALSE(sliders().empty());
    for (const auto& setting : sliders()) {
        EXPECT_TRUE(core::check_command({core::CommandKind::set,
                                         {{"key", setting.value.name}, {"value", setting.high}}})
                        .ok())
            << setting.key;
        EXPECT_LT(setting.low, setting.high);
    }
    for (const auto& group : freeze_groups()) {
        const core::Command command{core::CommandKind::freeze, {{"what", std::string(group.what)}}};
        EXPECT_TRUE(core::check_command(command).ok()) << group.what;
        EXPECT_EQ(core::unavailable(command, core::Domain::live), "") << group.what;
    }
}

// Wrong if the exported command log did not read back as the same commands.
TEST(LogView, CommandLinesReplay) {
    AppState state;
    state.answers = {answer(set_lr(1e-4), core::AnswerState::applied, 12)};
    const auto rows = log_rows(state, true);
    ASSERT_EQ(rows.size(), 1u);
    const auto parsed = core::parse_command(rows[0].text);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(parsed->integer("from_step", -1), 12);
    EXPECT_EQ(parsed->number("value", 0), 1e-4);
    EXPECT_TRUE(contains("Freeze ROUTER", "router"));
    EXPECT_FALSE(contains("freeze", "router"));
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

// Wrong if numbers misled: a lost digit, a wrong group, "nan" on the screen.
TEST(Format, NumbersAndTimes) {
    EXPECT_EQ(with_thousands(0), "0");
    EXPECT_EQ(with_thousands(-1234567), "-1,234,567");
    EXPECT_EQ(with_thousands(INT64_MIN), "-9,223,372,036,854,775,808");
    EXPECT_EQ(significant(9.8412, 3), "9.84");
    EXPECT_EQ(significant(1240.4, 3), "1,240");
    EXPECT_EQ(significant(3e-4, 3), "3.0e-04");
    EXPECT_EQ(significant(std::nan(""), 3), kNothing);
    EXPECT_EQ(plain(200), "200");
    EXPECT_EQ(plain(7.5), "7.5");
    EXPECT_EQ(duration(72), "1 min 12 s");
    EXPECT_EQ(duration(59.6), "1 min 00 s");
    EXPECT_EQ(duration(3 * 3600 + 300), "3 h 05 min");
    EXPECT_EQ(duration(std::nan("")), kNothing);
    EXPECT_EQ(bytes(412'000'000), "412 MB");
    EXPECT_TRUE(std::isnan(time_left(5, 10, std::nan(""), 100)));
    EXPECT_EQ(time_left(5, 10, 50, 100), 10);
    EXPECT_EQ(shortened("\xCF\x84\xCF\x84\xCF\x84\xCF\x84", 3), "\xCF\x84\xCF\x84\xE2\x80\xA6");
}

}  // namespace
}  // namespace hopscope::app
