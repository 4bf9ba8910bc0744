// The way back through what was selected and hidden: each state that a person left, to undo and
// redo. Window thread only, owned by AppState.
#pragma once

#include <cstddef>
#include <vector>

#include "app/state/selection.h"

namespace hopscope::app {

class SelectionHistory {
  public:
    static constexpr size_t kMost = 50;  ///< the oldest goes when there are more

    /// Once a frame: keeps the state before, where what is selected or hidden has changed. Layer
    /// and hop alone, which play by themselves, are no change.
    void note(const Selection& selection);
    bool can_undo() const { return !past_.empty(); }
    bool can_redo() const { return !future_.empty(); }
    void undo(Selection& selection);
    void redo(Selection& selection);

  private:
    void go(Selection& selection, std::vector<Selection>& from, std::vector<Selection>& to);

    std::vector<Selection> past_, future_;
    Selection present_;
};

}  // namespace hopscope::app
