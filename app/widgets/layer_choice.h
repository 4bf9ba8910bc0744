// The list of layers that several panels have among their controls. Window thread only, inside an
// ImGui window.
#pragma once

#include <cstdint>
#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// The word "layer" and the list, by the names that the run has for them. True when another was
/// chosen, which then is `layer`.
bool layer_choice(const AppState& state, int64_t layers, int64_t& layer);
/// Its width in pixels.
float layer_choice_width(const AppState& state);

}  // namespace hopscope::app
