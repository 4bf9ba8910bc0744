// A thread that waits for news: if these fail, it misses some or turns in circles.
#include "core/session/wakeup.h"

#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

namespace hopscope::core {
namespace {

TEST(Wakeup, WaitsForANotificationThatCameAfterTheTicket) {
    // Wrong if a thread with nothing to do turns in circles, or misses what came while it looked.
    Wakeup wakeup;
    const auto before = wakeup.ticket();
    std::atomic<bool> woke = false;
    std::thread waiter([&] {
        wakeup.wait(before);
        woke = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_FALSE(woke);
    wakeup.notify();
    waiter.join();
    EXPECT_TRUE(woke);
    wakeup.wait(before);  // does not wait: the notification lies behind the ticket
}

TEST(Wakeup, NotificationBetweenTicketAndWaitIsNotLost) {
    // Wrong if a command submitted at the wrong moment sleeps until the next one.
    Wakeup bell;
    const uint64_t ticket = bell.ticket();
    bell.notify();
    bell.wait(ticket);
    EXPECT_TRUE(bell.wait_until(ticket, Wakeup::Clock::now()));
    EXPECT_FALSE(bell.wait_until(bell.ticket(), Wakeup::Clock::now()));
}

}  // namespace
}  // namespace hopscope::core
