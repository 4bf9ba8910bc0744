// Curves, computed without a window.
#include "app/panels/curves/view.h"

#include <cmath>
#include <gtest/gtest.h>

#include "tests/app/made_up.h"

namespace hopscope::app {
namespace {

using gui_test::answer;
using gui_test::record;
using gui_test::set_lr;

// Wrong if a run that was forked at a late time did not begin at 0, or its evaluations elsewhere.
TEST(Curves, ElapsedTimeBeginsAtTheFirstUpdate) {
    History h;
    for (int i = 100; i <= 120; ++i) h.append(record(i, 2.0f, i == 110 ? 2.5f : core::kNaN));
    CurveChoice choice;
    choice.x = XAxis::elapsed;
    const auto series = curves_of(h, choice);
    EXPECT_EQ(series.front().xs.front(), 0);
    EXPECT_EQ(series.front().xs.back(), 10);
    EXPECT_EQ(series.back().xs.front(), 5);
    EXPECT_EQ(step_at(h, XAxis::elapsed, 5.1), 110);
}

// Wrong if the mean said to be drawn were another than the one that is.
TEST(Curves, TheMeanIsTheOneInWords) {
    History h;
    for (int i = 1; i <= 9; ++i) h.append(record(i, static_cast<float>(i)));
    CurveChoice choice;
    choice.mean = Mean::running;
    choice.window = 3;
    EXPECT_EQ(mean_in_words(choice), "mean of 3");
    EXPECT_DOUBLE_EQ(curves_of(h, choice)[1].ys.back(), 8);
    choice.mean = Mean::exponential;
    EXPECT_EQ(mean_in_words(choice), "EMA 0.95");
    choice.past = 0;
    EXPECT_EQ(mean_in_words(choice), "");
    EXPECT_EQ(curves_of(h, choice).size(), 1u);
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
    choice.mean = Mean::none;
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
    choice.mean = Mean::none;
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
    choice.past = 0.9f;
    EXPECT_EQ(curves_of(h, choice)[0].ys.back(), 800.0) << "what is joined is not smoothed";
    h.append(record(30, 2.0f));  // a resumed run repeats updates
    EXPECT_EQ(curves_of(h, choice)[0].xs.size(), 2u);
}

// Wrong if an empty plot promised what never comes, or did not say what the run lacks.
TEST(Curves, AnEmptyPlotSaysWhatIsMissing) {
    CurveChoice choice;
    choice.quantity = Quantity::routing;
    choice.stat = RoutingStat::jaccard;
    core::Config config;
    History h;
    EXPECT_STREQ(empty_text(h, config, choice).title, "No updates yet");
    auto r = record(1, 2.0f);
    r.layers.resize(1);
    h.append(r);
    EXPECT_STREQ(empty_text(h, config, choice).title, "Not measured in this run");
    EXPECT_EQ(empty_text(h, config, choice).text, "Every layer has one hop.");
    choice.stat = RoutingStat::gradient_cosine;
    EXPECT_STREQ(empty_text(h, config, choice).title, "Not measured yet");
    EXPECT_NE(empty_text(h, config, choice).text.find("train.snapshot_every"), std::string::npos);
    config.moe.router = core::RouterKind::kmeans;
    EXPECT_EQ(empty_text(h, config, choice).text,
              "A kmeans router moves its rows without gradients.");
    config.model.ffn = core::FfnKind::dense;
    for (const RoutingStatRow& row : routing_stats()) {
        choice.stat = row.stat;
        EXPECT_STREQ(empty_text(h, config, choice).title, "Not measured in this run");
        EXPECT_EQ(empty_text(h, config, choice).text, "A dense model has no router.") << row.name;
    }
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

// Wrong if the read-out showed a value of another step without saying so, or failed at gaps.
TEST(Curves, ReadOutFindsTheNearestValueThatIsThere) {
    History h;
    for (int i = 1; i <= 10; ++i)
        h.append(record(i, i == 5 || i == 10 ? core::kNaN : static_cast<float>(i)));
    CurveChoice choice;
    choice.mean = Mean::none;
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

}  // namespace
}  // namespace hopscope::app
