#include "core/api/state.h"

#include <gtest/gtest.h>
#include <set>
#include <string>

namespace hopscope::core {
namespace {

/// What each state allows, written out once more by hand.
std::string allowed_in(RunState state) {
    switch (state) {
        case RunState::idle:
            return "start";
        case RunState::preparing:
            return "pause stop trace";
        case RunState::running:
            return "pause stop checkpoint evaluate change trace";
        case RunState::paused:
            return "resume step stop checkpoint evaluate change trace";
        case RunState::stopping:
            return "";
        case RunState::stopped:
            return "start evaluate trace";
        case RunState::done:
            return "start evaluate trace";
        case RunState::failed:
        case RunState::imported:
            return "start";
    }
    return "";
}

TEST(StateTable, EveryPairIsAllowedOrSaysWhyNot) {
    // Wrong if a button is live in a state that cannot serve it, or greyed without a reason.
    for (RunState state : kRunStates)
        for (Action action : kActions) {
            const std::string padded = " " + allowed_in(state) + " ";
            const bool expected =
                padded.find(std::string(" ") + name_of(action) + " ") != std::string::npos;
            const char* reason = refusal(state, action);
            EXPECT_EQ(reason == nullptr, expected) << name_of(state) << " x " << name_of(action);
            if (!reason) continue;
            const std::string sentence = reason;
            EXPECT_GT(sentence.size(), 15u) << name_of(state) << " x " << name_of(action);
            EXPECT_EQ(sentence.back(), '.') << sentence;
            EXPECT_TRUE(std::isupper(static_cast<unsigned char>(sentence[0]))) << sentence;
        }
}

TEST(StateTable, NamesAreDistinctWords) {
    // Wrong if run.json cannot be told apart by its state word.
    std::set<std::string> states, actions;
    for (RunState state : kRunStates) states.insert(name_of(state));
    for (Action action : kActions) actions.insert(name_of(action));
    EXPECT_EQ(states.size(), std::size(kRunStates));
    EXPECT_EQ(actions.size(), std::size(kActions));
    EXPECT_STREQ(name_of(RunState::running), "running");
    EXPECT_STREQ(name_of(RunState::failed), "failed");
}

TEST(StateTable, TransitionsAgreeWithActions) {
    // Wrong if an allowed button leads to a transition that the table forbids, so nothing happens.
    for (RunState state : kRunStates) {
        EXPECT_TRUE(can_become(state, state));
        EXPECT_TRUE(refusal(state, Action::resume) || can_become(state, RunState::running));
        EXPECT_TRUE(refusal(state, Action::step) || can_become(state, RunState::running));
        EXPECT_TRUE(refusal(state, Action::pause) || can_become(state, RunState::paused));
        EXPECT_TRUE(refusal(state, Action::stop) || can_become(state, RunState::stopping));
    }
}

TEST(StateTable, FinalStatesAreLeftByNothing) {
    // Wrong if a finished or failed run could begin to train again behind the user's back.
    for (RunState state : kRunStates)
        EXPECT_EQ(is_final(state), state == RunState::stopped || state == RunState::done ||
                                       state == RunState::failed || state == RunState::imported)
            << name_of(state);
    for (RunState from : kRunStates)
        for (RunState to : kRunStates)
            EXPECT_FALSE(is_final(from) && from != to && can_become(from, to));
    EXPECT_FALSE(can_become(RunState::stopping, RunState::running));
    EXPECT_FALSE(can_become(RunState::stopping, RunState::paused));
    EXPECT_FALSE(can_become(RunState::running, RunState::preparing));
}

}  // namespace
}  // namespace hopscope::core
