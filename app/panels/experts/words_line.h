// Words in a line, cut only between two of them, and small pieces that table and card of the panel
// Experts draw alike. Window thread only, inside an ImGui window.
#pragma once

#include <string>
#include <vector>

#include "app/state/app_state.h"

namespace hopscope::app {

/// The words as far as they fit into `width`, then how many more there are: "three four … +2".
/// Draws at `at`, one line high. → how many were drawn whole.
size_t draw_words(const AppState& state, ImVec2 at, float width,
                  const std::vector<std::string>& words, ImU32 color);

/// A share 0 … 1 as a bar with its ground.
void share_bar(const AppState& state, ImVec2 at, ImVec2 size, double share, ImU32 color);
/// A load on a log axis around the uniform one in the middle, ⅛ to 8.
void load_bar(const AppState& state, ImVec2 at, ImVec2 size, double load);

/// A circle with a stroke (dead) or a dot (hub), and the word; at the cursor.
void expert_mark(const AppState& state, bool dead, bool hub);

/// The colour that stands for an expert in all panels; faint where it is dead.
ImU32 expert_ink(const AppState& state, int64_t layer, int64_t expert);
/// Its square before its name; hollow where it is dead.
void expert_swatch(const AppState& state, int64_t layer, int64_t expert, bool dead);

}  // namespace hopscope::app
