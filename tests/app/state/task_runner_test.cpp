// Work in the background: one task after another, with progress, errors and a way to end it.
#include "app/state/task_runner.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>

namespace hopscope::app {
namespace {

using namespace std::chrono_literals;

bool wait_for(const std::function<bool()>& condition) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < limit)
        std::this_thread::sleep_for(1ms);
    return condition();
}

// Wrong if tasks ran at once or out of order, a fault ended the program, or progress stood still.
TEST(TaskRunner, OneAfterAnotherWithProgressAndErrors) {
    std::atomic<int> wakes{0}, running{0}, most{0};
    std::atomic<bool> go{false};
    TaskRunner runner([&] { ++wakes; });
    const auto work = [&](const core::Progress& progress) -> core::Result<std::string> {
        most = std::max<int>(most, ++running);
        progress.report("half", 0.5);
        while (!go) std::this_thread::sleep_for(1ms);
        --running;
        return std::string("result");
    };
    runner.start("a", work);
    runner.start("b", [](const core::Progress&) -> core::Result<std::string> {
        return core::failure("no data for b");
    });
    runner.start("c", [](const core::Progress&) -> core::Result<std::string> {
        throw std::runtime_error("bad");
    });
    runner.start("d", work);
    ASSERT_TRUE(wait_for([&] { return runner.tasks()[0].progress == 0.5; }));
    EXPECT_EQ(runner.tasks()[0].activity, "half");
    EXPECT_EQ(runner.tasks()[1].state, TaskState::waiting);
    go = true;
    ASSERT_TRUE(wait_for([&] { return runner.tasks()[3].ended(); }));
    const auto tasks = runner.tasks();
    EXPECT_EQ(tasks[0].state, TaskState::done);
    EXPECT_EQ(tasks[0].outcome, "result");
    EXPECT_EQ(tasks[1].state, TaskState::failed);
    EXPECT_EQ(tasks[1].outcome, "no data for b");
    EXPECT_NE(tasks[2].outcome.find("bad"), std::string::npos);
    EXPECT_EQ(tasks[3].state, TaskState::done);
    EXPECT_EQ(most, 1);
    EXPECT_GE(wakes, 8);
    runner.forget(tasks[1].id);
    EXPECT_EQ(runner.tasks().size(), 3u);
}

// Wrong if a task that runs had no time left though its share grew, or one that ended still had.
TEST(TaskRunner, TellsTheTimeLeft) {
    std::atomic<bool> go{false};
    TaskRunner runner(nullptr);
    runner.start("a", [&](const core::Progress& progress) -> core::Result<std::string> {
        progress.report("begins", 0);
        std::this_thread::sleep_for(1100ms);
        progress.report("half", 0.5);
        while (!go) std::this_thread::sleep_for(1ms);
        return std::string("result");
    });
    ASSERT_TRUE(wait_for([&] { return runner.tasks()[0].progress == 0.5; }));
    const double left = runner.tasks()[0].left;
    EXPECT_TRUE(left >= 0 && left < 15) << left;
    go = true;
    ASSERT_TRUE(wait_for([&] { return runner.tasks()[0].ended(); }));
    EXPECT_TRUE(std::isnan(runner.tasks()[0].left));
}

// Wrong if cancel did not reach the work or what waits, or the window hung when it closes.
TEST(TaskRunner, CancelReachesTheWorkAndClosingEndsIt) {
    const auto endless = [](const core::Progress& progress) -> core::Result<std::string> {
        while (!progress.cancelled()) std::this_thread::sleep_for(1ms);
        return core::Error{core::ErrorKind::interrupted, "stopped on request"};
    };
    TaskRunner runner(nullptr);
    const auto a = runner.start("a", endless), b = runner.start("b", endless);
    ASSERT_TRUE(wait_for([&] { return runner.tasks()[0].state == TaskState::running; }));
    runner.cancel(b);
    EXPECT_EQ(runner.tasks()[1].state, TaskState::cancelled);
    runner.cancel(a);
    ASSERT_TRUE(wait_for([&] { return runner.tasks()[0].ended(); }));
    EXPECT_EQ(runner.tasks()[0].state, TaskState::cancelled);
    runner.start("c", endless);
    runner.start("d", endless);  // the destructor must not wait for either
}

}  // namespace
}  // namespace hopscope::app
