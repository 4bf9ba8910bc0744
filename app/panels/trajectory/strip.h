// The strip of token chips of a traced prompt: in each chip columns are layers, rows are hops, a
// cell has the colour of the place of its first expert. Owned by the trajectory panel, window
// thread only.
#pragma once

#include "app/panels/trajectory/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class TokenStrip {
  public:
    /// Over the width of the window, where there is a trace. A click selects a token.
    void draw(AppState& state, const TraceView& view);
    /// The next draw scrolls so that the token can be seen.
    void bring_into_view(int64_t token) { scroll_to_ = static_cast<float>(token); }

  private:
    static void draw_chip(AppState& state, const TraceView& view, int64_t token, ImVec2 at,
                          ImVec2 size);

    float scroll_to_ = -1;  ///< token that has to come into view; < 0: none
};

}  // namespace hopscope::app
