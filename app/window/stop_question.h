// The question before the run is stopped, wherever that was asked for: a key, the menu, the
// palette, the button of the panel Run. Window thread only, drawn by the shell.
#pragma once

#include "app/state/app_state.h"

namespace hopscope::app {

class StopQuestion {
  public:
    /// Appears with AppState::stop_asked; only its answer sends the command. It goes with the run
    /// that it was asked of.
    void draw(AppState& state);

  private:
    uint64_t asked_of_ = 0;  ///< AppState::runs_opened when it was asked
};

}  // namespace hopscope::app
