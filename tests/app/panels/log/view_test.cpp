// What the panel Log shows: lines that replay.
#include "app/panels/log/view.h"

#include <gtest/gtest.h>

#include "app/state/app_state.h"
#include "tests/app/made_up.h"

namespace hopscope::app {
namespace {

using gui_test::answer;
using gui_test::set_lr;

// Wrong if the exported command log did not read back as the same commands.
TEST(LogView, CommandLinesReplay) {
    AppState state;
    state.answers = {answer(set_lr(1e-4), core::AnswerState::applied, 12)};
    const auto rows = log_rows(state, true);
    ASSERT_EQ(rows.size(), 1u);
    const auto parsed = core::parse_command(rows[0].text);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(parsed->integer("from_step", -1), 12);
    EXPECT_EQ(parsed->number("value", 0), 1e-4);
    EXPECT_TRUE(contains("Freeze ROUTER", "router"));
    EXPECT_FALSE(contains("freeze", "router"));
}

}  // namespace
}  // namespace hopscope::app
