// What the curves show of a race, computed without a window.
#include <gtest/gtest.h>

#include "app/panels/curves/view.h"
#include "app/state/app_state.h"
#include "tests/app/fake_session.h"

namespace hopscope::app {
namespace {

/// Validation at steps 10, 20, …; an update takes `pace` seconds.
History history_of(const std::vector<float>& valid, double pace) {
    History h;
    for (int64_t step = 1; step <= static_cast<int64_t>(valid.size()) * 10; ++step) {
        core::ScalarRecord r;
        r.step = step;
        r.tokens = step * 100;
        r.seconds = static_cast<double>(step) * pace;
        r.loss = 5.0f;
        if (step % 10 == 0) r.valid_loss = valid[static_cast<size_t>(step / 10 - 1)];
        h.append(r);
    }
    return h;
}

// Wrong if a lane had no line of its own, or one without its name.
TEST(RaceCurves, OneLineALane) {
    const History wide = history_of({5, 4, 3}, 0.1), deep = history_of({6, 3.5f, 2}, 0.2);
    const std::vector<Lane> lanes = {{"wide", &wide}, {"deep", &deep}};
    CurveChoice choice;
    for (const Mean mean : {Mean::exponential, Mean::running, Mean::none}) {
        choice.mean = mean;
        const auto series = curves_of(lanes, choice);
        ASSERT_EQ(series.size(), 4u);
        EXPECT_EQ(series[0].name, "wide");
        EXPECT_EQ(series[0].role, Role::lane);
        EXPECT_EQ(series[1].name, "wide, validation");
        EXPECT_EQ(series[1].role, Role::lane_points);
        EXPECT_EQ(series[2].name, "deep");
        EXPECT_EQ(series[2].layer, 1u);
        ASSERT_EQ(series[2].ys.size(), 30u);
        EXPECT_EQ(series[3].ys.back(), 2.0);
    }
}

// Wrong if the mark stood at another place than where the order changed, or named the wrong lane.
TEST(RaceCurves, OvertakingIsMarkedOnEveryAxis) {
    const History wide = history_of({5, 4, 3}, 0.1), deep = history_of({6, 3.5f, 2}, 0.1);
    const std::vector<Lane> lanes = {{"wide", &wide}, {"deep", &deep}};
    for (const auto& [axis, x] : {std::pair(XAxis::step, 20.0), std::pair(XAxis::tokens, 2000.0),
                                  std::pair(XAxis::time, 2.0)}) {
        const auto marks = crossings_of(lanes, axis);
        ASSERT_EQ(marks.size(), 1u) << name_of(axis);
        EXPECT_DOUBLE_EQ(marks[0].x, x) << name_of(axis);
        EXPECT_EQ(marks[0].text, "deep overtakes wide");
        EXPECT_DOUBLE_EQ(marks[0].loss, 4.0) << "of the lane named first, where they meet";
    }
}

// Wrong if the difference were taken of other steps than the same, turned round, or shown before
// the fork, where there is none.
TEST(ForkCurves, DifferenceOfTheSameSteps) {
    const History run = history_of({5, 4, 3}, 0.1);
    History fork = run;
    for (int64_t step = 13; step <= 30; ++step) {
        core::ScalarRecord r;
        r.step = step;
        r.tokens = step * 100;
        r.loss = 5.0f + 0.5f * static_cast<float>(step - 12);
        if (step % 10 == 0) r.valid_loss = 6;
        fork.append(r);
    }
    CurveChoice choice;
    choice.quantity = Quantity::fork;
    const auto series = fork_curves(run, fork, 12, choice);
    ASSERT_EQ(series.size(), 3u);
    EXPECT_EQ(series[0].role, Role::raw);
    ASSERT_EQ(series[0].ys.size(), 18u);
    EXPECT_EQ(series[0].xs.front(), 13);
    EXPECT_EQ(series[0].ys.front(), 0.5);
    EXPECT_EQ(series[0].ys.back(), 9.0);
    EXPECT_EQ(series[1].role, Role::smooth);
    EXPECT_EQ(series[2].role, Role::points);
    EXPECT_EQ(std::vector<double>(series[2].xs.begin(), series[2].xs.end()),
              (std::vector<double>{20, 30}));
    EXPECT_EQ(std::vector<double>(series[2].ys.begin(), series[2].ys.end()),
              (std::vector<double>{2, 3}));
    choice.x = XAxis::tokens;
    choice.mean = Mean::none;
    const auto by_tokens = fork_curves(run, fork, 12, choice);
    ASSERT_EQ(by_tokens.size(), 2u);
    EXPECT_EQ(by_tokens[0].xs.front(), 1300);
    EXPECT_TRUE(fork_curves(run, run, 30, choice).empty());
}

// Wrong if the fork's line began in the air: up to the fork its past is the run's.
TEST(ForkCurves, TheForkHasTheRunsPast) {
    gui_test::FakeOptions options;
    options.can_fork = true;
    options.start_step = 40;
    auto session = std::make_unique<gui_test::FakeSession>(options);
    gui_test::FakeSession* fake = session.get();
    AppState state;
    state.attach(std::move(session));
    update_state(state);
    state.submit({core::CommandKind::fork, {}});
    fake->advance(3);
    update_state(state);
    ASSERT_EQ(state.rivals.size(), 1u);
    EXPECT_EQ(state.rivals[0].step, state.history.step);
    EXPECT_EQ(state.rivals[0].loss[39], state.history.loss[39]);
    EXPECT_NE(state.rivals[0].loss[40], state.history.loss[40]);
    EXPECT_EQ(state.status.lanes.size(), 2u);
}

}  // namespace
}  // namespace hopscope::app
