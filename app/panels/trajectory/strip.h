// The strip of token chips of a traced prompt: in each chip columns are layers, rows are hops.
// Owned by the trajectory panel, window thread only.
#pragma once

#include "app/panels/trajectory/chip.h"
#include "app/panels/trajectory/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// The room of a strip where another one stands below it, in chips; 0 of 0: its own.
struct StripRoom {
    int64_t lead = 0;   ///< free at its left end
    int64_t total = 0;  ///< of both
};

class TokenStrip {
  public:
    /// Over the width of the window, where there is a trace. A click selects a token.
    void draw(AppState& state, const TraceView& view, const StripRoom& room = {});
    /// What its columns, rows and colours mean.
    static void draw_caption(const AppState& state, const TraceView& view);
    /// The next draw scrolls so that the token can be seen.
    void bring_into_view(int64_t token) { scroll_to_ = static_cast<float>(token); }
    /// Pixels that have gone out at the left.
    float scroll() const { return scroll_; }
    /// The next draw scrolls as by a turn of the wheel.
    void turn(float wheel) { turns_ += wheel; }

  private:
    static void draw_token(AppState& state, const TraceView& view, int64_t token,
                           const ChipLayout& layout, ImVec2 at);

    float scroll_to_ = -1;  ///< token that has to come into view; < 0: none
    float scroll_ = 0, turns_ = 0;
};

}  // namespace hopscope::app
