// Commands on their way to the trainer: if these fail, one is lost, doubled or comes out of turn.
#include "core/session/command_queue.h"

#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

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

Answer carried_out(const Command& command, int64_t step) {
    return {0, command, AnswerState::applied, step, ""};
}

TEST(CommandQueue, WhatOthersCarriedOutStandsBetweenAnsweredAndWaiting) {
    // Wrong if the list of an opened run is out of order, or a waiting command can no longer be
    // answered because of it.
    CommandQueue queue;
    const uint64_t refused = queue.submit_refused(set("lr", 1), "no");
    const uint64_t waiting = queue.submit(set("tau", 5), "window");
    queue.remember({carried_out(set("lr", 3), 10), carried_out(set("lr", 4), 20)});
    ASSERT_EQ(take_all(queue).size(), 1u);
    queue.applied(waiting, 30);
    const auto answers = queue.answers();
    ASSERT_EQ(answers.size(), 4u);
    EXPECT_EQ(answers[0].id, refused);
    EXPECT_EQ(answers[1].step, 10);
    EXPECT_EQ(answers[2].step, 20);
    EXPECT_EQ(answers[3].id, waiting);
    EXPECT_EQ(answers[3].step, 30);
    std::set<uint64_t> ids;
    for (const Answer& answer : answers) ids.insert(answer.id);
    EXPECT_EQ(ids.size(), 4u);
}

TEST(CommandQueue, OfALongPastTheNewestStays) {
    // Wrong if a log of thousands of commands fills the memory, or pushes out what waits.
    CommandQueue queue;
    const uint64_t waiting = queue.submit(set("tau", 5), "window");
    std::vector<Answer> past;
    for (int64_t step = 0; step < 2000; ++step)
        past.push_back(carried_out(set("lr", double(step)), step));
    queue.remember(std::move(past));
    const auto answers = queue.answers();
    ASSERT_EQ(answers.size(), CommandQueue::kKeptAnswers);
    EXPECT_EQ(answers.back().id, waiting);
    EXPECT_EQ(answers[answers.size() - 2].step, 1999);
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
