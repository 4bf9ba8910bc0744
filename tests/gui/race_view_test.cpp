// What the curves show of a race, computed without a window.
#include <gtest/gtest.h>

#include "app/panels/curves_view.h"
#include "app/window/app_state.h"
#include "fake_session.h"

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
    for (const float smoothing : {0.95f, 0.0f}) {
        choice.smoothing = smoothing;
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

}  // namespace
}  // namespace hopscope::app
