// What loads are of: the recent batches of a run, the recording of an imported model. Window
// thread.
#pragma once

#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// "the recent batches": of what all choices a load is a share.
std::string choices_counted(const AppState& state);
/// Why there is none, a sentence.
std::string no_load(const AppState& state);

}  // namespace hopscope::app
