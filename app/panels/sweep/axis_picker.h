// The list from which an axis of the sweep is chosen: costs, results and settings under headings,
// with a field that finds them by a part of their name. Window thread only, inside an ImGui window.
#pragma once

#include <string>
#include <vector>

#include "app/panels/sweep/axes.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class AxisPicker {
  public:
    /// A list `width` pixels wide that shows what is chosen; `settings`: they are offered, too.
    /// True when another was chosen.
    bool draw(const AppState& state, const char* id, const std::vector<SweepAxis>& axes,
              bool settings, float width, std::string& key);

  private:
    bool draw_part(const AppState& state, const char* title, const std::vector<SweepAxis>& axes,
                   AxisKind kind, bool differing, std::string& key) const;
    std::string filter_;
};

}  // namespace hopscope::app
