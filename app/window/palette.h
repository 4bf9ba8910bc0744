// The command palette: one field that finds every command and action by a few of its letters.
// Window thread only.
#pragma once

#include <span>
#include <string>

#include "app/state/actions.h"

namespace hopscope::app {

class Palette {
  public:
    void open() { opening_ = true; }
    bool is_open() const { return opening_ || shown_; }
    /// Draws the palette if it is open; does what is chosen of `items` and of what the panels show.
    void draw(AppState& state, std::span<const ActionItem> items);

  private:
    void draw_list(AppState& state, std::span<const ActionItem> items, bool entered);
    bool opening_ = false, shown_ = false;
    std::string query_;
    size_t selected_ = 0;
};

}  // namespace hopscope::app
