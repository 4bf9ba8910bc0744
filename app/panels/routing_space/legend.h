// What the colours of the routing space mean. The entries of token classes are buttons that hide or
// show them. Owned by the panel, window thread only.
#pragma once

#include <imgui.h>
#include <string>
#include <vector>

#include "app/panels/routing_space/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class SpaceLegend {
  public:
    const std::vector<std::string>& hidden() const { return hidden_; }
    void show_all() { hidden_.clear(); }
    void draw(AppState& state, const SpaceView& view, SpaceColor color_by, ImVec2 at);

  private:
    void draw_classes(AppState& state, const SpaceView& view, ImVec2 p);

    std::vector<std::string> hidden_;  ///< classes whose tokens are not shown
};

}  // namespace hopscope::app
