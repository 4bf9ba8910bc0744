// Updates, answers and commands that tests of the window make up.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <utility>

#include "core/api/session.h"

namespace hopscope::gui_test {

inline core::ScalarRecord record(int64_t step, float loss, float valid = core::kNaN) {
    core::ScalarRecord r;
    r.step = step;
    r.tokens = step * 100;
    r.seconds = static_cast<double>(step) * 0.5;
    r.loss = loss;
    r.valid_loss = valid;
    r.tokens_per_s = 1000;
    return r;
}

inline core::Answer answer(core::Command command, core::AnswerState state, int64_t step = -1) {
    core::Answer a;
    a.command = std::move(command);
    a.state = state;
    a.step = step;
    return a;
}

/// A line that must be a command.
inline core::Command parsed(const std::string& line) {
    auto command = core::parse_command(line);
    EXPECT_TRUE(command) << line;
    return command ? *command : core::Command{};
}

inline core::Command set_lr(double value) {
    return {core::CommandKind::set, {{"key", std::string("lr")}, {"value", value}}};
}

}  // namespace hopscope::gui_test
