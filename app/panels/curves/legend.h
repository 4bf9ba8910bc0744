// The list of the lines of a plot beside it: colour and marker of each, its last value, a click
// shows or hides it, the pointer on it lets the others fade. Window thread only, owned by the
// curves panel.
#pragma once

#include <imgui.h>
#include <set>
#include <string>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::app {

struct LegendEntry {
    std::string name;
    size_t index = 0;  ///< lane or layer: decides colour and marker
    double last = 0;   ///< newest value, NaN for none
};

class CurvesLegend {
  public:
    /// Width the list needs, pixels.
    float width_for(const AppState& state, const std::vector<LegendEntry>& entries) const;
    /// Draws into the area at the cursor. True when something was shown or hidden.
    bool draw(AppState& state, const std::vector<LegendEntry>& entries, ImVec2 size);
    bool hides(const std::string& name) const { return hidden_.contains(name); }
    /// How much of its colour the line keeps: less for those that are not pointed at.
    float strength(size_t index) const;
    bool pointed_at(size_t index) const { return hovered_ == static_cast<int>(index); }

  private:
    std::set<std::string> hidden_;
    int hovered_ = -1;
};

}  // namespace hopscope::app
