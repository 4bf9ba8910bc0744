// Which weights a panel shows: the inspector's copy is renewed while a run trains, so the trace of
// a prompt and the effect of what acts on it can be of two moments. Where they are, each panel says
// so. Pure functions of the state, window thread only.
#pragma once

#include <cstdint>
#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// "weights of step 509 (run is at 574)".
std::string weights_of(const AppState& state, int64_t step);

/// What is computed on the inspector's copy, each in a panel of its own.
enum class Inspected : uint8_t { trace, effect };
/// That the other panel shows other weights than this one, as a sentence; "" where it shows the
/// same, or nothing.
std::string other_weights(const AppState& state, Inspected here);

}  // namespace hopscope::app
