// The halting curve: perplexity beside chance, and below it hops and time as shares of no halting,
// over the threshold or over what it saves. The line of the threshold can be dragged. Owned by the
// panel Halting, window thread only.
#pragma once

#include <imgui.h>
#include <memory>

#include "app/panels/halting/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class HaltingCurve {
  public:
    using Table = std::shared_ptr<const core::HaltingTable>;  ///< not null

    /// The choice of the axis, as the next item of the line.
    void draw_options();
    /// Both plots over the width of the window. `row`: the one that is marked, −1 for none.
    void draw(AppState& state, const Table& table, int row, float height);
    HaltingAxis axis() const { return axis_; }
    void set_axis(HaltingAxis axis) { axis_ = axis; }

  private:
    void follow(const Table& table);
    bool begin(const char* id, const char* y, float height, bool names_x) const;
    void draw_quality(AppState& state, const Table& table, int row, float height);
    void draw_cost(AppState& state, int row, float height);
    void mark(AppState& state, int row) const;
    void point(AppState& state, const Table& table) const;

    HaltingAxis axis_ = HaltingAxis::threshold;
    HaltingLines lines_;
    Table of_;                                       ///< what the lines were made of …
    HaltingAxis made_for_ = HaltingAxis::threshold;  ///< … and over
    double low_ = 0, high_ = 1;                      ///< of the axis
};

}  // namespace hopscope::app
