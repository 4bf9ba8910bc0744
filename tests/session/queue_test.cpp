#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <random>
#include <thread>

#include "core/session/command_queue.h"
#include "core/session/ring.h"
#include "core/session/slot.h"
#include "core/session/wakeup.h"

namespace hopscope::core {
namespace {

Command set(const std::string& key, double value) {
    return {CommandKind::set, {{"key", key}, {"value", value}}};
}

std::vector<std::string> take_all(CommandQueue& queue, int64_t step = 0) {
    std::vector<std::string> taken;
    while (const auto next = queue.next(step)) taken.push_back(to_json(next->command));
    return taken;
}

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

TEST(Ring, KeepsEveryValueInOrderAcrossThreads) {
    // Wrong if a curve loses or swaps points when producer and consumer run at different speeds.
    constexpr int kValues = 20000;
    Ring<std::vector<int>, 7> ring;
    std::thread producer([&] {
        for (int i = 0; i < kValues; ++i) ring.push({i, -i});
    });
    std::vector<std::vector<int>> got;
    std::mt19937 random(1);
    while (got.size() < kValues) {
        ring.drain(got);
        if (random() % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    producer.join();
    ring.drain(got);
    ASSERT_EQ(got.size(), size_t(kValues));
    for (int i = 0; i < kValues; ++i) ASSERT_EQ(got[size_t(i)], (std::vector<int>{i, -i}));
}

TEST(Ring, GrowsWithoutAConsumer) {
    // Wrong if the trainer waits or records vanish while the window does not look.
    Ring<int, 4> ring;
    for (int i = 0; i < 1001; ++i) ring.push(i);
    std::vector<int> got;
    ring.drain(got);
    ring.push(1001);
    ring.drain(got);
    ASSERT_EQ(got.size(), 1002u);
    for (int i = 0; i < 1002; ++i) EXPECT_EQ(got[size_t(i)], i);
    for (int i = 0; i < 9; ++i) ring.push(i);  // freed with values inside
}

TEST(Slot, GivesTheNewestWholeValue) {
    // Wrong if a panel sees a torn or an older picture than one it has seen.
    Slot<std::pair<int, int>> slot;
    EXPECT_EQ(slot.load(), nullptr);
    std::thread writer([&] {
        for (int i = 1; i <= 20000; ++i) slot.store(std::make_shared<std::pair<int, int>>(i, -i));
    });
    int last = 0;
    while (last < 20000) {
        const auto value = slot.load();
        if (!value) continue;
        ASSERT_EQ(value->first, -value->second);
        ASSERT_GE(value->first, last);
        last = value->first;
    }
    writer.join();
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

TEST(CommandQueue, ALaterValueReplacesTheWaitingOne) {
    // Wrong if a dragged slider makes the trainer apply every value on the way.
    CommandQueue queue;
    const uint64_t first = queue.submit(set("lr", 1), "window");
    queue.submit(set("tau", 5), "window");
    const uint64_t last = queue.submit(set("lr", 2), "window");
    const auto answers = queue.answers();
    ASSERT_EQ(answers.size(), 2u);
    EXPECT_EQ(answers[1].id, last);
    EXPECT_NE(answers[0].id, first);
    EXPECT_EQ(take_all(queue),
              (std::vector<std::string>{to_json(set("tau", 5)), to_json(set("lr", 2))}));
}

TEST(CommandQueue, RunControlAndFreezesAreNeverReplaced) {
    // Wrong if three single steps become one, or a freeze after an unfreeze is lost.
    CommandQueue queue;
    const Command step{CommandKind::step, {{"count", int64_t(1)}}};
    const Command freeze{CommandKind::freeze, {{"what", std::string("router")}}};
    const Command unfreeze{CommandKind::unfreeze, {{"what", std::string("router")}}};
    std::vector<std::string> sent;
    for (const Command& command : {step, step, freeze, unfreeze, freeze, step}) {
        queue.submit(command, "window");
        sent.push_back(to_json(command));
    }
    EXPECT_EQ(take_all(queue), sent);
}

TEST(CommandQueue, AValueBeforeAStepIsNotMovedBehindIt) {
    // Wrong if "set, step, set" makes the step with neither of the values.
    CommandQueue queue;
    queue.submit(set("lr", 1), "");
    queue.submit({CommandKind::step, {}}, "");
    queue.submit(set("lr", 2), "");
    EXPECT_EQ(take_all(queue).size(), 3u);
}

TEST(CommandQueue, ScopeKeepsCommandsApart) {
    // Wrong if a value for one layer replaces that of another.
    CommandQueue queue;
    Command one = set("tau", 1), two = set("tau", 2);
    one.args["layers"] = std::vector<int64_t>{0};
    two.args["layers"] = std::vector<int64_t>{1};
    queue.submit(one, "");
    queue.submit(two, "");
    EXPECT_EQ(take_all(queue).size(), 2u);
}

TEST(CommandQueue, FromStepWaitsForItsStep) {
    // Wrong if a command planned for step 10 acts at once, or holds up those behind it.
    CommandQueue queue;
    Command later = set("lr", 1);
    later.args["from_step"] = int64_t(10);
    queue.submit(later, "");
    queue.submit({CommandKind::pause, {}}, "");
    EXPECT_EQ(take_all(queue, 9), std::vector<std::string>{R"({"command":"pause"})"});
    EXPECT_EQ(take_all(queue, 10).size(), 1u);
}

TEST(CommandQueue, AnswersTellWhatBecameOfEach) {
    // Wrong if the pending list shows another state than the trainer's answer.
    CommandQueue queue;
    const uint64_t a = queue.submit({CommandKind::pause, {}}, ""),
                   b = queue.submit({CommandKind::stop, {}}, "");
    EXPECT_TRUE(queue.stop_waits());
    const uint64_t c = queue.submit_refused({CommandKind::fork, {}}, "not available");
    EXPECT_EQ(queue.next(0)->id, a);
    queue.applied(a, 7);
    EXPECT_EQ(queue.next(0)->id, b);
    EXPECT_FALSE(queue.stop_waits());
    queue.refused(b, "no");
    const uint64_t d = queue.submit({CommandKind::resume, {}}, "");
    queue.refuse_waiting("closed");
    EXPECT_FALSE(queue.next(0));
    const auto answers = queue.answers();
    ASSERT_EQ(answers.size(), 4u);
    EXPECT_EQ(answers[0].state, AnswerState::applied);
    EXPECT_EQ(answers[0].step, 7);
    EXPECT_EQ(answers[1].reason, "no");
    EXPECT_EQ(answers[2].id, c);
    EXPECT_EQ(answers[2].reason, "not available");
    EXPECT_EQ(answers[3].id, d);
    EXPECT_EQ(answers[3].reason, "closed");
}

TEST(CommandQueue, KeepsABoundedHistoryButEveryPendingOne) {
    // Wrong if a long session grows without end, or a waiting command loses its answer.
    CommandQueue queue;
    Command later{CommandKind::pause, {{"from_step", int64_t(1000)}}};
    const uint64_t pending = queue.submit(later, "");
    for (size_t i = 0; i < 2 * CommandQueue::kKeptAnswers; ++i)
        queue.submit_refused({CommandKind::fork, {}}, "not available");
    const auto answers = queue.answers();
    EXPECT_EQ(answers.size(), CommandQueue::kKeptAnswers);
    EXPECT_EQ(answers.front().id, pending);
}

}  // namespace
}  // namespace hopscope::core
