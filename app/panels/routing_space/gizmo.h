// The three axes of a solid picture as they are turned, each end a button that looks along it.
// Window thread only, inside an ImGui window.
#pragma once

#include <imgui.h>

#include "app/panels/routing_space/camera.h"
#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// Around `middle`; the radius is that of the whole, in pixels.
void draw_gizmo(AppState& state, const SpaceView& view, SpaceCamera& camera, ImVec2 middle,
                float radius);

}  // namespace hopscope::app
