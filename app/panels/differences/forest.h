// The forest plot: an interval a row, the band of equivalence behind them, the axis below with the
// two handles that set the margin. Window thread only, owned by the panel of the differences.
#pragma once

#include <imgui.h>
#include <vector>

#include "app/panels/differences/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class Forest {
  public:
    /// The axis of this frame's rows; stays as it is while a handle is held.
    void prepare(const std::vector<DifferenceRow>& rows, double margin);
    /// One row over the rest of a table's cell.
    void draw_row(const AppState& state, const DifferenceRow& row, double margin);
    /// Ticks and handles, below the rows; moves the margin. True while a handle is held.
    bool draw_axis(const AppState& state, double& margin);
    static float axis_height(const AppState& state);

  private:
    float x_of(double value) const;

    ForestAxis axis_;
    float left_ = 0, width_ = 0;  ///< of the rows, screen pixels
    bool held_ = false;
};

}  // namespace hopscope::app
