// The list of the stack of interventions: adding, ordering and switching rows, their arguments, the
// way of a row into the run in training and what became of it, the strength of all. Owned by the
// intervene panel, window thread only.
#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "app/panels/intervene/arguments.h"
#include "app/panels/intervene/script_dialog.h"
#include "app/state/actions.h"

namespace hopscope::app {

class StackList {
  public:
    void draw(AppState& state);
    /// Another session: what was sent belongs to the one before.
    void forget() {
        sent_.clear();
        newest_ = 0;
    }

  private:
    void draw_add(AppState& state);
    void draw_script_buttons(AppState& state);
    void draw_item(AppState& state, const StackItem& item, size_t index);
    void draw_apply(AppState& state, const StackItem& item);
    void draw_strength(AppState& state);
    void show_newest(AppState& state, std::span<const StackItem> items);

    ArgumentForm form_;
    ScriptDialog script_;
    uint64_t newest_ = 0;                ///< highest id of a row that was drawn
    std::map<uint64_t, uint64_t> sent_;  ///< row → answer of its last way into the run
};

/// Undo and redo of the stack.
ActionItem undo_action(AppState& state);
ActionItem redo_action(AppState& state);

}  // namespace hopscope::app
