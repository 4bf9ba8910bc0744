// Hears the keys of all actions once a frame, and decides who has the first claim on a key: a text
// field, a focused item, a panel that moves by arrows. Owned by the shell, window thread only.
#pragma once

#include <span>

#include "app/state/actions.h"

namespace hopscope::app {

class KeyListener {
  public:
    /// Before anything is drawn in the frame.
    void listen(AppState& state, std::span<const ActionItem> actions);

  private:
    void guide_cursor();

    bool popup_was_open_ = false;
};

}  // namespace hopscope::app
