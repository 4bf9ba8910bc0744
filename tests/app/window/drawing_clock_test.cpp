// The processor time that drawing takes.
#include "app/window/drawing_clock.h"

#include <cmath>
#include <gtest/gtest.h>
#include <latch>
#include <pthread.h>
#include <thread>

#include "app/state/own_cost.h"

namespace hopscope::app {
namespace {

void be_busy(double seconds) {
    volatile double sum = 0;
    for (const double end = thread_seconds() + seconds; thread_seconds() < end;)
        for (int i = 0; i < 1000; ++i) sum = sum + std::sqrt(static_cast<double>(i));
}

/// What the clock counts while a thread of that name is busy for 50 ms and this one waits.
double counted(const char* name) {
    std::latch ready{1}, found{1}, done{1}, read{1};
    std::thread helper([&] {
        pthread_setname_np(pthread_self(), name);
        ready.count_down();
        found.wait();
        be_busy(0.05);
        done.count_down();
        read.wait();
    });
    ready.wait();
    DrawingClock clock;
    clock.find_helpers();
    const double before = clock.seconds();
    found.count_down();
    done.wait();
    const double spent = clock.seconds() - before;
    read.count_down();
    helper.join();
    EXPECT_GE(clock.seconds(), 0) << "a helper that has ended is no error";
    return spent;
}

// Wrong if the threads that draw for OpenGL in software were left out, or others (which train)
// counted.
TEST(DrawingClock, CountsThoseWhoDraw) {
    EXPECT_GE(counted("llvmpipe-0"), 0.05);
    EXPECT_LT(counted("trains"), 0.04);
}

TEST(DrawingClock, CountsTheCallingThread) {
    const DrawingClock clock;
    const double before = clock.seconds();
    be_busy(0.01);
    EXPECT_GE(clock.seconds() - before, 0.01);
}

}  // namespace
}  // namespace hopscope::app
