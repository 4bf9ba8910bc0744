// The pointer over the routing space: what lies under it, and its gestures. Dragging moves the view
// or turns it, with Shift it draws a box and with Alt a lasso around what is to be selected, with
// Ctrl it takes a centroid along. Owned by the panel, window thread only.
#pragma once

#include <cstdint>
#include <imgui.h>
#include <optional>
#include <vector>

#include "app/panels/routing_space/camera.h"
#include "app/panels/routing_space/centroid_move.h"
#include "app/panels/routing_space/points.h"
#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class SpacePointer {
  public:
    /// Behind the item that takes the pointer.
    void update(AppState& state, const SpaceView& view, SpaceCamera& camera, SpacePoints& points,
                CentroidMove& move);
    /// The box or the lasso, and the menu of an expert.
    void draw(AppState& state);
    /// Item of the view under the pointer; −1: none.
    int64_t hovered() const { return hovered_; }
    /// The view is another one.
    void changed() { hovered_ = -1; }

  private:
    enum class Gesture : uint8_t { none, camera, box, lasso, move };

    void begin(AppState& state, const SpaceView& view, CentroidMove& move);
    void follow(AppState& state, const SpaceView& view, SpaceCamera& camera, CentroidMove& move);
    void take_inside(AppState& state, const SpaceView& view, const SpaceCamera& camera) const;
    void click(AppState& state, const SpaceView& view, SpaceCamera& camera, bool over);

    Gesture gesture_ = Gesture::none;
    bool adds_ = false;         ///< to what is selected
    ImVec2 begun_{};            ///< where the button went down
    int64_t pressed_ = -1;      ///< item of the view that lay there
    std::vector<ImVec2> line_;  ///< of the lasso, or of the box its two corners
    bool cleared_ = false;      ///< the last click took the selection away
    int64_t menu_expert_ = -1;  ///< whose menu is open
    int64_t hovered_ = -1;
};

}  // namespace hopscope::app
