// Words for what a run has and an imported model has otherwise: what loads are of, and steps, which
// only a run has. Window thread.
#pragma once

#include <cstdint>
#include <string>

#include "app/state/app_state.h"

namespace hopscope::app {

/// "the recent batches": of what all choices a load is a share.
std::string choices_counted(const AppState& state);
/// Why there is none, a sentence.
std::string no_load(const AppState& state);
/// `before` and "step 1,000"; "" of an imported model.
std::string step_text(const AppState& state, const char* before, int64_t step);

}  // namespace hopscope::app
