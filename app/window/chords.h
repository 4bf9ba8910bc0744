// ImGui reads all events of a frame at once, so at low frame rates a Ctrl that was released in the
// frame in which its letter came would lose the chord. Window thread only.
#pragma once

namespace hopscope::app {

/// ImGui::NewFrame(), but the release of a modifier that follows a key press, and all events after
/// it, wait for the next frame. They wait in ImGui's own queue, behind what ImGui leaves there and
/// before what comes: their order stays as they came.
/// @return whether events wait, so that another frame is due
bool new_frame_with_whole_chords();

}  // namespace hopscope::app
