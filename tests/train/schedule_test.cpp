// If this fails, a run is trained at another learning rate or with other hops than configured.
#include "core/train/schedule.h"

#include <gtest/gtest.h>
#include <set>
#include <vector>

namespace hopscope::core {
namespace {

TEST(Schedule, FollowsTheContract) {
    TrainConfig t;
    t.lr = 1;
    t.warmup = 4;
    t.steps = 104;
    t.lr_min_ratio = 0.1;
    EXPECT_DOUBLE_EQ(learning_rate(t, 0), 0.25);
    EXPECT_DOUBLE_EQ(learning_rate(t, 3), 1.0);
    EXPECT_DOUBLE_EQ(learning_rate(t, 4), 1.0);
    EXPECT_NEAR(learning_rate(t, 54), 0.55, 1e-12);
    EXPECT_NEAR(learning_rate(t, 104), 0.1, 1e-12);
    t.curriculum = {{0, 1}, {10, 2}, {20, 3}};
    std::set<int64_t> seen;
    for (int64_t i = 0; i < 10; ++i) EXPECT_EQ(curriculum_hops(t, i), 1);
    for (int64_t i = 20; i < 80; ++i) seen.insert(curriculum_hops(t, i));
    EXPECT_EQ(seen, (std::set<int64_t>{1, 2, 3}));
    // A run that is gone on with draws what it would have drawn by the program it was begun with.
    t.seed = 42;
    t.curriculum = {{0, 4}};
    std::vector<int64_t> drawn;
    for (int64_t i = 0; i < 12; ++i) drawn.push_back(curriculum_hops(t, i));
    EXPECT_EQ(drawn, (std::vector<int64_t>{2, 3, 2, 3, 1, 2, 4, 3, 2, 1, 2, 1}));
}

}  // namespace
}  // namespace hopscope::core
