#include "app/window/chords.h"

namespace hopscope::app {
namespace {

bool is_modifier(ImGuiKey key) {
    return ImGui::IsLRModKey(key) || (key & ImGuiMod_Mask_) != 0;
}

}  // namespace

void Chords::keep_together() {
    ImVector<ImGuiInputEvent>& queue = ImGui::GetCurrentContext()->InputEventsQueue;
    for (int i = 0; i < held_.Size; ++i) queue.insert(queue.begin() + i, held_[i]);
    held_.clear();
    bool pressed = false;
    for (int i = 0; i < queue.Size; ++i) {
        const ImGuiInputEvent& event = queue[i];
        if (event.Type != ImGuiInputEventType_Key) continue;
        const bool modifier = is_modifier(event.Key.Key);
        if (event.Key.Down && !modifier) pressed = true;
        if (event.Key.Down || !modifier || !pressed) continue;
        for (int k = i; k < queue.Size; ++k) held_.push_back(queue[k]);
        queue.resize(i);
        return;
    }
}

}  // namespace hopscope::app
