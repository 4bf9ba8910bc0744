// The controls above the routing space: layer and hop, which all panels share, and what of the
// space is shown how. Owned by the panel, window thread only.
#pragma once

#include <string>

#include "app/panels/routing_space/region_layer.h"
#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"
#include "app/state/saved_session.h"

namespace hopscope::app {

class SpaceControls {
  public:
    SpaceLook look;
    viz::AxesChoice axes;
    bool solid = false;  ///< in three dimensions
    int trail = 8;       ///< past snapshots that the tails of centroids reach back
    bool tokens = true;  ///< beside the centroids
    RegionShow regions = RegionShow::none;

    /// Where there is a snapshot with layers. True when "Fit" was pressed.
    bool draw(AppState& state);

    /// Of an imported model: asks for the rows that restore() names, and knows those that are
    /// shown.
    void update_rows(AppState& state);

    /// For a session file.
    PanelView view() const;
    void restore(const PanelView& view);

  private:
    std::string rows_;            ///< of an imported model; "" of a run
    bool restores_rows_ = false;  ///< they are to be asked for

    static void draw_layer_and_hop(AppState& state, const core::LayerGeometry& geometry);
    void draw_axes(const AppState& state, const core::LayerGeometry& geometry);
    void choose_axes(const AppState& state, const core::LayerGeometry& geometry,
                     viz::AxesKind kind);
    void draw_color(const AppState& state);
    void draw_trail(const AppState& state);
    void draw_dimensions(const AppState& state);
    bool draw_picture_row(AppState& state, const core::LayerGeometry& geometry);
    bool draw_more(AppState& state, const core::LayerGeometry& geometry, bool all);
};

}  // namespace hopscope::app
