// What panels write out: text and pictures into the folder of the run. Window thread only.
#pragma once

#include <cstdint>
#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// RUN/NAME, or NAME in the working folder where the run has no folder or none to be written to.
std::string export_path(const AppState& state, const std::string& name);
/// "step 40", "steps 1 … 40"
std::string steps_in_words(int64_t first, int64_t last);
/// Of which run and steps numbers are.
struct Origin {
    std::string words;              ///< "of RUN, step 40"
    int64_t first = -1, last = -1;  ///< the steps; -1 where they are not of one run
};
Origin origin_of(const AppState& state, int64_t first, int64_t last);
/// Of the runs that stand beside each other: "of A step 40, B step 60".
Origin origin_of_compared(const AppState& state);
/// Writes the text there, aside; the log tells where, or why not.
void export_text(AppState& state, const std::string& name, const std::string& text);
/// Has the part of the present frame between two corners (in ImGui's coordinates) written as a PNG
/// once it is drawn.
void export_picture(AppState& state, const std::string& name, ImVec2 low, ImVec2 high);

}  // namespace hopscope::app
