// Help: what a panel shows and how it is read, its keys and gestures, and the keys of the window.
// Texts stand in panel_help.cpp, keys come from the actions. Owned by the shell, window thread
// only.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "app/panels/panel.h"
#include "app/state/actions.h"
#include "app/window/panel_help.h"

namespace hopscope::app {

class KeyHelp {
  public:
    /// On the panel `title`, the one under the pointer; "": on the one shown last.
    void show_or_shut(std::string_view title);
    bool shown() const { return shown_; }
    /// Title of the panel that it explains; "": none was pointed at yet.
    const std::string& panel() const { return panel_; }
    void draw(const AppState& state, std::span<const ActionItem> actions,
              std::span<const std::unique_ptr<Panel>> panels);

  private:
    void draw_choice(std::span<const std::unique_ptr<Panel>> panels);

    bool shown_ = false;
    std::string panel_;
};

}  // namespace hopscope::app
