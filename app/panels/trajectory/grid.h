// The experts of one token of a traced prompt as a table: rows are layers, columns are hops, in
// each cell the chosen experts with their weights. Owned by the trajectory panel, window thread
// only.
#pragma once

#include <vector>

#include "app/panels/trajectory/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// The chosen experts of a token at each hop of a layer.
using HopChoices = std::vector<std::vector<ChosenExpert>>;

class TokenGrid {
  public:
    /// The choice of how many experts are listed, as the next item of the line.
    void draw_options();
    /// Of that table whole, in pixels.
    float height(const AppState& state, const TraceView& view) const;
    /// The shown token's table in the rest of the window, where there is a trace.
    void draw(AppState& state, const TraceView& view);

  private:
    void draw_head(const AppState& state, const TraceView& view, float hop_width) const;
    void draw_layer(AppState& state, const TraceView& view, int64_t layer) const;
    size_t rows_of(const HopChoices& choices) const;

    int experts_ = 4;  ///< listed a layer and hop
};

}  // namespace hopscope::app
