// One order of undo and redo for all that a person does in the routing space: moves of centroids,
// what is selected and hidden, where the camera stands. What was done last is taken back first.
// Owned by the panel, window thread only.
#pragma once

#include "app/panels/routing_space/camera.h"
#include "app/panels/routing_space/centroid_move.h"
#include "app/panels/routing_space/made_view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class SpaceHistory {
  public:
    SpaceHistory(CentroidMove& move, SpaceCamera& camera, const MadeView& made)
        : move_(move), camera_(camera), made_(made) {}

    /// Once a frame: who has gone another way cannot redo any more.
    void update(const AppState& state);
    bool can_undo(const AppState& state) const;
    bool can_redo(const AppState& state) const;
    void undo(AppState& state);
    /// A move of a centroid is a command, which is given anew; redo has the others.
    void redo(AppState& state);

  private:
    CentroidMove& move_;
    SpaceCamera& camera_;
    const MadeView& made_;
};

}  // namespace hopscope::app
