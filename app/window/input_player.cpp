#include "app/window/input_player.h"

#include <imgui.h>
#include <imgui_internal.h>

namespace hopscope::app {

void InputPlayer::play(double at) {
    if (done()) return;
    ImVector<ImGuiInputEvent>& queue = ImGui::GetCurrentContext()->InputEventsQueue;
    queue.resize(kept_);  // what the screen has sent since is no part of the recording
    if (record_.events[next_].at > at) return;
    // What came in one frame, however long this one took: a list must open before it is chosen
    // from.
    const double frame = record_.events[next_].at;
    while (!done() && record_.events[next_].at == frame) do_again(record_.events[next_++]);
}

void InputPlayer::begun() {
    kept_ = ImGui::GetCurrentContext()->InputEventsQueue.Size;
}

}  // namespace hopscope::app
