// What the window remembers of a run.
#include "app/state/history.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "tests/app/made_up.h"

namespace hopscope::app {
namespace {

using gui_test::record;

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

}  // namespace
}  // namespace hopscope::app
