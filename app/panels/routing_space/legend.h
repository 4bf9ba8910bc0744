// What colour, size and opacity of the routing space mean, each with the number of points that have
// a value. The entries of token classes are buttons that hide or show them. Owned by the panel,
// window thread only.
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
    void show(const std::string& name) { std::erase(hidden_, name); }
    /// `room`: pixels to the right of `at`; a line of size or opacity that is longer is left out.
    void draw(AppState& state, const SpaceView& view, const SpaceLook& look, ImVec2 at, float room);

  private:
    ImVec2 draw_categories(AppState& state, const viz::QuantityValues& values, bool classes,
                           ImVec2 p);

    std::vector<std::string> hidden_;  ///< classes whose tokens are not shown
};

}  // namespace hopscope::app
