// The whole window on a made-up run, as the tests of test_window have it before them.
#pragma once

#include <GLFW/glfw3.h>

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

inline GLFWwindow* glfw_window() {
    return static_cast<GLFWwindow*>(ImGui::GetMainViewport()->PlatformHandle);
}

/// Gives the window another size, as by its edge.
inline void resize(ImGuiTestContext* ctx, int width, int height) {
    glfwSetWindowSize(glfw_window(), width, height);
    IM_CHECK(wait_for(ctx, [=] {
        return ImGui::GetIO().DisplaySize.x == static_cast<float>(width) &&
               ImGui::GetIO().DisplaySize.y == static_cast<float>(height);
    }));
    ctx->Yield(3);
}

}  // namespace hopscope::gui_test::whole
