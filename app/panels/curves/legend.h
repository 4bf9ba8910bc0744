// The lines of a plot, in a row above it or, where there are many, in a list beside it: colour and
// marker of each, its last value, a click shows or hides it, the pointer on one of the list lets
// the others fade. Window thread only, owned by the curves panel.
#pragma once

#include <imgui.h>
#include <set>
#include <string>
#include <vector>

#include "app/panels/curves/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

struct LegendEntry {
    std::string name;
    Role role = Role::layer;
    size_t index = 0;        ///< lane or layer: decides colour and marker
    double last = 0;         ///< newest value, NaN for none
    std::string words = {};  ///< what that value is, "mean of 50"; "" where the name says it
};

/// Colour of a line. `alone`: the values of each step have no mean over them.
ImVec4 curve_color(const AppState& state, Role role, size_t index, bool alone);

class CurvesLegend {
  public:
    /// Width the list wants, pixels; long names are cut.
    float width_for(const AppState& state, const std::vector<LegendEntry>& entries) const;
    /// The list, in the area at the cursor. True when something was shown or hidden.
    bool draw_list(AppState& state, const std::vector<LegendEntry>& entries, ImVec2 size);
    /// The row, over the width that is left. True when something was shown or hidden.
    bool draw_row(AppState& state, const std::vector<LegendEntry>& entries);
    bool hides(const std::string& name) const { return hidden_.contains(name); }
    /// How much of its colour the line keeps: less for those that are not pointed at.
    float strength(size_t index) const;
    bool pointed_at(size_t index) const { return hovered_ == static_cast<int>(index); }

  private:
    void toggle(AppState& state, const std::string& name);

    std::set<std::string> hidden_;
    int hovered_ = -1;
};

}  // namespace hopscope::app
