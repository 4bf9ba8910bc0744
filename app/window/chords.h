// Keeps key chords whole at low frame rates: ImGui reads all events of a frame at once, so a Ctrl
// released in the frame in which its letter came would lose the chord. Window thread only, owned by
// the loop.
#pragma once

#include <imgui.h>
#include <imgui_internal.h>

namespace hopscope::app {

class Chords {
  public:
    /// Call right before ImGui::NewFrame(): the release of a modifier that follows a key press, and
    /// all events after it, wait for the next frame.
    void keep_together();
    bool waiting() const { return !held_.empty(); }

  private:
    ImVector<ImGuiInputEvent> held_;
};

}  // namespace hopscope::app
