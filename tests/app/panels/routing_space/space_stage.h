// The panel of the routing space in the window "Stage", for the tests of its parts.
#pragma once

#include <functional>

#include "app/panels/routing_space/panel.h"
#include "tests/app/stage.h"

namespace hopscope::gui_test {

inline app::RoutingSpacePanel& space() {
    return static_cast<app::RoutingSpacePanel&>(*stage->panel);
}

/// The panel alone, on a small run.
inline void alone(ImGuiTest* t) {
    use<app::make_routing_space_panel>(t, [] { return small(); });
}

/// A control of the popup "More".
inline void in_more(ImGuiTestContext* ctx, const std::function<void()>& use_it) {
    ctx->SetRef("Stage");
    ctx->ItemClick("More");
    ctx->SetRef("//$FOCUSED");
    use_it();
    ctx->SetRef("Stage");
    ctx->PopupCloseAll();
    ctx->Yield(2);
}

}  // namespace hopscope::gui_test
