// What part of the routing space is seen: fits all and follows the run until a person moves the
// view, and moves to where it is sent. Owned by the panel, window thread only.
#pragma once

#include <array>
#include <imgui.h>
#include <optional>
#include <vector>

#include "app/panels/routing_space/camera_history.h"
#include "app/panels/routing_space/paths.h"
#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"
#include "viz/camera2d.h"
#include "viz/orbit.h"

namespace hopscope::app {

class SpaceCamera {
  public:
    /// Once a frame: the rectangle on the screen; goes on with a motion. The state has a snapshot.
    /// @param stays no other view is being made in place of this one
    void update(AppState& state, const SpaceView& view, bool stays, ImVec2 at, ImVec2 size);
    /// Another run: everything is shown again.
    void forget();

    // By hand, each gesture a step that can be undone; what follows the run stops then.
    /// Shows everything, and follows the run from now on.
    void fit(AppState& state, const SpaceView& view);
    /// Brings selected experts and the paths near.
    void focus(AppState& state, const SpaceView& view, const std::vector<TokenPath>& paths);
    /// Brings a point that cannot be seen into the middle.
    void show(AppState& state, viz::Vec3 world);
    /// A button went down: what is panned and turned until the next time is one step.
    void begin_drag() { drag_begins_ = true; }
    void pan(AppState& state, ImVec2 by);
    void turn(AppState& state, ImVec2 by);
    /// Turns of the wheel that follow each other at once are one step.
    void zoom_at(AppState& state, ImVec2 pointer, float factor);
    void look_along(AppState& state, int axis);

    const CameraHistory& history() const { return history_; }
    void undo(const AppState& state, const SpaceView& view);
    void redo(const AppState& state, const SpaceView& view);
    void forget_redo() { history_.forget_redo(); }

    /// Where it stands, or moves to.
    CameraPlace place() const;
    /// Goes there as soon as there is a picture that stays.
    void set_place(const CameraPlace& place) { wanted_ = place; }

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
    void show_all(const AppState& state, const SpaceView& view, bool animated);
    void go_to(const AppState& state, const viz::Camera2d& goal, bool animated);
    void go_to(const AppState& state, const SpaceView& view, const CameraPlace& place,
               bool animated);
    CameraPlace leave();
    /// Keeps where it stood, where something else is seen by now. → whether it is.
    bool note_step(AppState& state, const CameraPlace& before);

    viz::Camera2d camera_, from_, goal_;
    viz::Orbit orbit_;
    ImVec2 at_{};
    double moving_since_ = -1;
    bool follows_ = true;
    uint64_t fitted_basis_ = 0;
    int64_t fitted_layer_ = -1;
    viz::AxesChoice fitted_axes_;
    bool fitted_solid_ = false;
    CameraHistory history_;  ///< of the picture that is shown: another begins anew
    bool drag_begins_ = false;
    double zoomed_at_ = -1e9;  ///< `now` of the last turn of the wheel
    std::optional<CameraPlace> wanted_;
};

}  // namespace hopscope::app
