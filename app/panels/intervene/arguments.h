// The form of a row of the stack: one editor for each argument and scope field, made from the
// command's description. Owned by the stack's list, window thread only.
#pragma once

#include <string>

#include "app/state/app_state.h"
#include "core/api/command_registry.h"

namespace hopscope::app {

class ArgumentForm {
  public:
    /// Writes what is edited into the state's stack, one undo step an edit.
    void draw(AppState& state, const StackItem& item);

  private:
    void draw_argument(AppState& state, const StackItem& item, const core::CommandSpec& spec,
                       const core::ArgSpec& arg);
    bool draw_given(AppState& state, const StackItem& item, const core::ArgSpec& arg);
    void draw_choice(AppState& state, const StackItem& item, const core::ArgSpec& arg,
                     const ArgEditor& editor);
    void draw_list(AppState& state, const StackItem& item, const core::ArgSpec& arg);
    void draw_list_helpers(AppState& state, const StackItem& item, const core::ArgSpec& arg);
    void change(AppState& state, uint64_t id, const std::string& name, const core::Value* value);

    bool fresh_edit_ = false;  ///< an item was activated and has changed nothing yet
};

}  // namespace hopscope::app
