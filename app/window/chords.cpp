#include "app/window/chords.h"

#include <imgui.h>
#include <imgui_internal.h>

namespace hopscope::app {
namespace {

bool is_modifier(ImGuiKey key) {
    return ImGui::IsLRModKey(key) || (key & ImGuiMod_Mask_) != 0;
}

bool is_shift(ImGuiKey key) {
    return key == ImGuiKey_LeftShift || key == ImGuiKey_RightShift || key == ImGuiMod_Shift;
}

/// Number of events that this frame may see.
int end_of_chord(const ImVector<ImGuiInputEvent>& queue) {
    const ImGuiContext& context = *ImGui::GetCurrentContext();
    bool pressed = false, pressed_no_character = false;
    for (int i = 0; i < queue.Size; ++i) {
        if (queue[i].Type != ImGuiInputEventType_Key) continue;
        const auto& [key, down, analog] = queue[i].Key;
        const bool modifier = is_modifier(key);
        if (down && !modifier) {
            pressed = true;
            pressed_no_character |= !context.KeysMayBeCharInput.TestBit(key);
        }
        if (down || !modifier) continue;
        // Text needs no Shift.
        const bool typing = is_shift(key) && context.IO.WantTextInput;
        if (typing ? pressed_no_character : pressed) return i;
    }
    return queue.Size;
}

/// Place of the release that ends the press at `begin`, with nothing between but text and presses
/// and releases that `passes`; −1: none.
template <class Passes>
int release_of(const ImVector<ImGuiInputEvent>& queue, int begin, Passes passes) {
    const ImGuiKey key = queue[begin].Key.Key;
    for (int i = begin + 1; i < queue.Size; ++i) {
        if (queue[i].Type != ImGuiInputEventType_Key) continue;
        if (queue[i].Key.Key == key) return queue[i].Key.Down ? -1 : i;
        if (!passes(queue[i].Key.Key)) return -1;
    }
    return -1;
}

/// Takes whole presses out whose release came too, of keys that are `typed`, up to the first chord.
template <class Typed>
void drop_presses(ImVector<ImGuiInputEvent>& queue, Typed typed) {
    for (int i = 0; i < queue.Size;) {
        const bool press = queue[i].Type == ImGuiInputEventType_Key && queue[i].Key.Down;
        if (press && is_modifier(queue[i].Key.Key) && !is_shift(queue[i].Key.Key)) return;
        const int end = press && typed(queue[i].Key.Key) ? release_of(queue, i, typed) : -1;
        if (end < 0) {
            ++i;
            continue;
        }
        queue.erase(queue.begin() + end);
        queue.erase(queue.begin() + i);
    }
}

/// What is typed into a field comes as text as well. The keys of it are not asked for there, and
/// ImGui would show one press of a key a frame, so that the text came seconds late.
void leave_text_alone(ImVector<ImGuiInputEvent>& queue) {
    const ImGuiContext& context = *ImGui::GetCurrentContext();
    if (!context.IO.WantTextInput || context.IO.KeyCtrl || context.IO.KeyAlt || context.IO.KeySuper)
        return;
    drop_presses(queue, [&](ImGuiKey key) {
        return is_shift(key) || (!is_modifier(key) && context.KeysMayBeCharInput.TestBit(key));
    });
}

}  // namespace

bool new_frame_with_whole_chords() {
    ImVector<ImGuiInputEvent>& queue = ImGui::GetCurrentContext()->InputEventsQueue;
    leave_text_alone(queue);
    ImVector<ImGuiInputEvent> later;
    const int end = end_of_chord(queue);
    for (int i = end; i < queue.Size; ++i) later.push_back(queue[i]);
    queue.resize(end);
    ImGui::NewFrame();
    // Back at once: ImGui drops an event that says what the last one of its kind said.
    for (const ImGuiInputEvent& event : later) queue.push_back(event);
    return !queue.empty();
}

}  // namespace hopscope::app
