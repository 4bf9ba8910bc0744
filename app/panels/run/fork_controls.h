// The fork in the window: the button and the question that begins one, its end, and how far the
// copy is from the run by now. Part of the run panel; window thread only.
#pragma once

#include <string>

#include "app/state/app_state.h"
#include "core/api/command.h"

namespace hopscope::app {

/// The command that forks the run and gives `with` to the copy alone; "" for an untouched copy.
core::Command fork_command(const std::string& with);
/// Why a fork cannot begin now with `with` (JSON, "" = nothing) for the copy; "" if it can.
std::string fork_refusal(const AppState& state, const std::string& with);

class ForkControls {
  public:
    /// "Fork…", or "End fork" while one is trained.
    void draw_button(AppState& state, float width);
    /// The newest fork: what its copy got, and fork − run; nothing where there was none.
    void draw_numbers(AppState& state);

  private:
    void draw_question(AppState& state);
    void draw_suggestions(AppState& state);

    std::string with_;  ///< as typed
};

}  // namespace hopscope::app
