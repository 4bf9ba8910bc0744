// state.json of a checkpoint, read as what someone may have damaged: every field is checked before
// it is used, and named with its file where it is wrong. Pure functions, any thread.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/train/engine.h"

namespace hopscope::core {

/// Everything but weights, moments and step into `state`, whose model and step are there already;
/// its configuration gets the live settings (lr, tau, top_k, …). @param file for messages. Errors
/// (usage) name file and key.
Status read_state(const std::string& text, const std::string& file, EngineState& state);

}  // namespace hopscope::core
