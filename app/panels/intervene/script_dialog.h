// The dialog that saves the stack as a script file, or loads one. Owned by the stack's list, window
// thread only.
#pragma once

#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

class ScriptDialog {
  public:
    void open() { asked_ = true; }
    /// Once a frame.
    void draw(AppState& state);

  private:
    /// True once a file was saved or loaded.
    bool take(AppState& state);

    bool asked_ = false;
    std::string path_, problem_;
    Pending<std::string> saving_;  ///< the reason why not, "" if it was saved
    Pending<core::Result<std::string>> loading_;
};

}  // namespace hopscope::app
