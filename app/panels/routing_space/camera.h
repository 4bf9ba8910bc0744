// What part of the routing space is seen: fits all and follows the run until a person moves the
// view, and moves to where it is sent. Owned by the panel, window thread only.
#pragma once

#include <array>
#include <imgui.h>
#include <vector>

#include "app/panels/routing_space/paths.h"
#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"
#include "viz/camera2d.h"
#include "viz/orbit.h"

namespace hopscope::app {

class SpaceCamera {
  public:
    /// Once a frame: the rectangle on the screen; goes on with a motion. The state has a snapshot.
    void update(AppState& state, const SpaceView& view, ImVec2 at, ImVec2 size);
    /// Shows everything, and follows the run from now on.
    void fit(const AppState& state, const SpaceView& view, bool animated);
    /// Brings selected experts and the paths near.
    void focus(const AppState& state, const SpaceView& view, const std::vector<TokenPath>& paths);
    /// Another run: everything is shown again.
    void forget();

    // By hand; what follows the run stops then.
    void pan(ImVec2 by);
    void turn(ImVec2 by);
    void zoom_at(ImVec2 pointer, float factor);
    void look_along(int axis);

    const viz::Camera2d& camera() const { return camera_; }
    /// The turn of the picture; none where it is flat.
    const viz::Orbit& orbit() const { return orbit_; }
    /// World → clip space.
    std::array<float, 16> matrix() const { return orbit_.matrix(camera_); }
    ImVec2 at() const { return at_; }
    ImVec2 size() const { return {camera_.size.x, camera_.size.y}; }
    ImVec2 on_screen(viz::Vec3 world) const;
    /// The turned plane of the screen, at the depth of the pivot.
    viz::Vec2 to_plane(ImVec2 screen) const;

  private:
    void go_to(const AppState& state, const viz::Camera2d& goal, bool animated);

    viz::Camera2d camera_, from_, goal_;
    viz::Orbit orbit_;
    ImVec2 at_{};
    double moving_since_ = -1;
    bool follows_ = true;
    uint64_t fitted_basis_ = 0;
    int64_t fitted_layer_ = -1;
    viz::AxesChoice fitted_axes_;
    bool fitted_solid_ = false;
};

}  // namespace hopscope::app
