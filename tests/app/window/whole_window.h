// The whole window on a made-up run, as the tests of test_window have it before them.
#pragma once

#include "app/window/shell.h"
#include "tests/app/engine_support.h"
#include "tests/app/fake_session.h"

namespace hopscope::gui_test::whole {

inline app::Shell* shell = nullptr;
inline app::AppState* state = nullptr;
inline FakeSession* session = nullptr;

/// Commands are applied as by a trainer that works: before the next update.
inline void let_train(ImGuiTestContext* ctx, int updates = 1) {
    session->advance(updates);
    session->apply_commands();
    ctx->Yield(3);
}

inline void in_top_bar(ImGuiTestContext* ctx) {
    ctx->SetRef(ctx->WindowInfo("//hopscope/top bar").ID);
}

}  // namespace hopscope::gui_test::whole
