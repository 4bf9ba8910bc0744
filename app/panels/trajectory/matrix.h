// All tokens of a traced prompt as a matrix: a row a token, a column a hop of a layer, in the
// colour of one quantity. Owned by the trajectory panel, window thread only.
#pragma once

#include "app/panels/trajectory/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class TokenMatrix {
  public:
    /// The choice of the quantity, as the next item of the line.
    void draw_options();
    /// Scale and matrix in the rest of the window, where there is a trace. A click selects a token.
    void draw(AppState& state, const TraceView& view);

  private:
    struct Grid;
    static bool heads_fit(const AppState& state, const Grid& grid);
    void draw_token(AppState& state, const TraceView& view, const Grid& grid, int token) const;
    void draw_scale(const AppState& state, const TraceView& view) const;

    CellValue value_ = CellValue::expert;
};

}  // namespace hopscope::app
