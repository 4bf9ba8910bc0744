// The controls above the routing space: layer and hop, which all panels share, and what of the
// space is shown how. Owned by the panel, window thread only.
#pragma once

#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class SpaceControls {
  public:
    SpaceColor color = SpaceColor::place;
    int trail = 8;       ///< past snapshots that the tails of centroids reach back
    bool tokens = true;  ///< beside the centroids

    /// Where there is a snapshot with layers. True when "Fit" was pressed.
    bool draw(AppState& state);

  private:
    static void draw_layer_and_hop(AppState& state, const core::LayerGeometry& geometry);
    void draw_color_and_trail(const AppState& state);
};

}  // namespace hopscope::app
