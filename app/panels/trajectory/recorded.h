// The recorded texts of an imported model, in the place of the prompt: which trace, which of its
// texts, and what the trace does not hold. Window thread only, inside an ImGui window.
#pragma once

#include <string>

#include "app/panels/kept_view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

/// Which trace and text are shown, for a session file or an export; what these ask for waits until
/// the model has been read.
class RecordedChoice {
  public:
    /// Once a frame.
    void update(AppState& state);
    void keep_in(PanelView& view) const;
    void restore(const PanelView& view);

  private:
    std::string trace_, text_;  ///< "" of a run
    bool restores_ = false;
};

/// Where an imported model is shown.
void draw_recorded(AppState& state);
/// In place of the tokens, where there is no recorded text.
void draw_nothing_recorded(AppState& state);

}  // namespace hopscope::app
