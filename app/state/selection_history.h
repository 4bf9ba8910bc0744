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
    void forget_redo() { future_.clear(); }
    /// Tokens of the sample from this one on are there no more: they are left out of the selection,
    /// of all that was selected before and of what can be redone, which is no step of its own.
    void keep_probe_tokens(Selection& selection, int64_t tokens);
    /// The last change was none that was meant: undoes it without leaving anything to redo.
    void take_back(Selection& selection);

    // Other histories share its keys; each step has a number, in the order of what was done.
    uint64_t next_order() { return ++order_; }
    /// Numbers of what undo() and redo() would take; 0 where there is none.
    uint64_t undo_order() const { return past_.empty() ? 0 : past_.back().order; }
    uint64_t redo_order() const { return future_.empty() ? 0 : future_.back().order; }

  private:
    struct Step {
        Selection selection;
        uint64_t order = 0;
    };
    void go(Selection& selection, std::vector<Step>& from, std::vector<Step>& to);

    std::vector<Step> past_, future_;
    Selection present_;
    uint64_t order_ = 0;
};

}  // namespace hopscope::app
