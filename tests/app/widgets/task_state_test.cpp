// How far a task is, in words.
#include "app/widgets/task_state.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hopscope::app {
namespace {

// Wrong if a time that falls second by second made words that nobody can read, one of a minute were
// told in seconds, or one that cannot be told stood there.
TEST(TaskState, TimesLeftAreRounded) {
    EXPECT_EQ(left_in_words(NAN), "");
    EXPECT_EQ(left_in_words(3), "a few seconds left");
    EXPECT_EQ(left_in_words(43.9), "about 45 s left");
    EXPECT_EQ(left_in_words(44.1), left_in_words(43.9));
    EXPECT_EQ(left_in_words(58), "about 1 min left");
    EXPECT_EQ(left_in_words(100), "about 1 min 45 s left");
    EXPECT_EQ(left_in_words(1000), "about 17 min left");
    EXPECT_EQ(left_in_words(3599), "about 1 h 00 min left");
    EXPECT_EQ(left_in_words(2 * 3600 + 1000), "about 2 h 20 min left");
}

TEST(TaskState, SaysWhatAndHowFar) {
    TaskView task;
    EXPECT_EQ(in_words(task), "waits for its turn");
    task.state = TaskState::running;
    EXPECT_EQ(in_words(task), "reading the run");
    task.activity = "batch 3 of 20";
    task.progress = 0.15;
    EXPECT_EQ(in_words(task), "batch 3 of 20, 15 %");
    task.left = 41;
    EXPECT_EQ(in_words(task), "batch 3 of 20, 15 %, about 40 s left");
    task.state = TaskState::cancelled;
    EXPECT_EQ(in_words(task), "");
}

}  // namespace
}  // namespace hopscope::app
