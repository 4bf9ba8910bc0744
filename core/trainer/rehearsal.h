// A script is rehearsed before the first update: its commands come one after another as they will,
// to a copy of the engine that is thrown away, so that a line that does not fit the model is told
// at once and not after hours of training. Trainer thread.
#pragma once

#include <vector>

#include "core/api/command.h"
#include "core/base/result.h"
#include "core/train/engine.h"

namespace hopscope::core {

/// Errors: those of the commands, each behind its place in the script. Where the memory holds no
/// copy nothing is said: the commands then come unrehearsed.
/// @param available bytes (negative: unknown)
Status rehearse(const Engine& engine, const std::vector<Command>& script, int64_t parameters,
                int64_t available);

}  // namespace hopscope::core
