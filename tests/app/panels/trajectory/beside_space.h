// The trajectory panel in the window "Second", with the routing space in "Stage": tracing a prompt
// and finding its tokens, for the tests of both panels.
#pragma once

#include <string>

#include "tests/app/stage.h"

namespace hopscope::gui_test {

/// Traces a prompt through the panel's own field and button.
inline void trace(ImGuiTestContext* ctx, const std::string& prompt) {
    stage->state.prompt = prompt;
    ctx->ItemClick("Trace");
    ctx->Yield(3);
}

/// A token's chip, which lies in a window of its own.
inline ImGuiID chip(ImGuiTestContext* ctx, int token) {
    const ImGuiID strip = ctx->WindowInfo("//Second/strip").ID;
    return ctx->GetID(("$$" + std::to_string(token) + "/token").c_str(), strip);
}

inline bool has_chip(ImGuiTestContext* ctx, int token) {
    const auto strip = ctx->WindowInfo("//Second/strip", ImGuiTestOpFlags_NoError);
    return strip.Window && strip.Window->WasActive && ctx->ItemExists(chip(ctx, token));
}

inline void both_panels(ImGuiTest* t) {
    use<app::make_routing_space_panel, app::make_trajectory_panel>(t, [] { return small(); });
}

}  // namespace hopscope::gui_test
