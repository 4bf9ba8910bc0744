// The points and lines of the routing space on the screen: by OpenGL into a texture, without it as
// shapes of ImGui. Owned by the panel, window thread only, while the window's context is current.
#pragma once

#include "app/panels/routing_space/camera.h"
#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"
#include "viz/point_renderer.h"

namespace hopscope::app {

class SpacePoints {
  public:
    /// The view is another one: it is sent to the graphics card with the next draw.
    void changed() { upload_ = true; }
    void draw(AppState& state, const SpaceView& view, const SpaceCamera& camera);

  private:
    viz::PointRenderer renderer_;
    bool tried_ = false, works_ = false;
    bool upload_ = true;
};

}  // namespace hopscope::app
