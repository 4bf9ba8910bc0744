// The table of classes: how many hops the tokens of each word list run at the chosen threshold,
// with n and interval, sortable. Owned by the panel Halting, window thread only.
#pragma once

#include <string>

#include "app/panels/halting/view.h"
#include "app/state/app_state.h"

namespace hopscope::app {

class ClassTable {
  public:
    /// @param command that measures it @param step of the weights that were measured
    /// @param most hops of the layer with most, the length of a full bar
    void draw(AppState& state, const core::HaltingRow& row, const std::string& command,
              int64_t step, int64_t most, float height);

  private:
    void draw_row(const AppState& state, const core::ClassDepth& one, const std::string& command,
                  int64_t step, int64_t most) const;

    ClassOrder by_ = ClassOrder::hops;
    bool falling_ = false;
};

}  // namespace hopscope::app
