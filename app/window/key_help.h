// The list of all keys, made from the actions; what the mouse does stands here. Owned by the
// shell, window thread only.
#pragma once

#include <span>

#include "app/state/actions.h"

namespace hopscope::app {

class KeyHelp {
  public:
    void show(bool shown) { shown_ = shown; }
    bool shown() const { return shown_; }
    void draw(const AppState& state, std::span<const ActionItem> actions);

  private:
    bool shown_ = false;
};

}  // namespace hopscope::app
