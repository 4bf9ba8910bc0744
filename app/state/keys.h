// Keys as people read them ("Ctrl+O", "Space", "?") and the chords that mean them. The text is the
// one form in which a key is written down: menus, tooltips and the list of keys show it, the
// listener hears its chords. Window thread only.
#pragma once

#include <imgui.h>
#include <string>
#include <string_view>
#include <vector>

namespace hopscope::app {

/// Every chord that the text stands for: "Ctrl++" is Ctrl with = (with or without Shift) or with
/// the keypad's plus. Empty for "" and for a text that names no key.
std::vector<ImGuiKeyChord> chords_of(std::string_view keys);

/// Whether a text field or a focused item has the first claim on them: letters, Space, arrows, all
/// that comes without Ctrl.
bool plain_keys(std::string_view keys);

/// Whether one of the chords was pressed in this frame; with `repeats` also while it is held down,
/// as often as the keyboard repeats.
bool pressed(std::string_view keys, bool repeats = false);

/// A sentence for the tooltip of a button, with its key: "Goes on with training (Space)".
std::string with_keys(std::string sentence, std::string_view keys);

}  // namespace hopscope::app
