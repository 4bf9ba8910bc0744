// Hears the keys of all actions once a frame, and decides who has the first claim on a key: a text
// field, a focused item, the panel that has the keyboard, the window. Nobody else listens to keys.
// Owned by the shell, window thread only.
#pragma once

#include <span>
#include <string_view>

#include "app/state/actions.h"

namespace hopscope::app {

/// Which panels the person turns to, by title; "": none. Noted while a frame is drawn, and asked by
/// the listener before the next.
struct Attention {
    std::string_view focused = {}, pointed = {};

    /// Inside the ImGui window of the panel `title`, which outlives this.
    void note(std::string_view title);
    bool reaches(const ActionItem& item) const {
        return item.panel == focused || (item.by_pointer && item.panel == pointed);
    }
};

class KeyListener {
  public:
    /// The key that brings up ImGui's own cursor, which walks over the items of a window.
    static constexpr const char* kCursorKey = "Tab";

    /// Before anything is drawn in the frame.
    void listen(AppState& state, std::span<const ActionItem> actions, const Attention& attention);
    /// After everything is drawn.
    void end_frame();

  private:
    void guide_cursor();
    bool keyboard_is_free() const;

    bool popup_begun_ = false;  ///< one was open when the last frame began
    bool popup_left_ = false;   ///< and when it ended
};

}  // namespace hopscope::app
