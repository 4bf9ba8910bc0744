// The command palette: one field that finds every command and action by a few of its letters.
// Window thread only.
#pragma once

#include <string>
#include <vector>

#include "app/window/actions.h"

namespace hopscope::app {

class Palette {
  public:
    void open() { opening_ = true; }
    bool is_open() const { return open_; }
    /// Draws the palette if it is open; runs the chosen item. `items` are asked for only then.
    void draw(AppState& state, const std::function<std::vector<ActionItem>()>& items);

  private:
    void draw_list(AppState& state, const std::vector<ActionItem>& items, bool entered);
    bool opening_ = false, open_ = false;
    std::string query_;
    size_t selected_ = 0;
};

}  // namespace hopscope::app
