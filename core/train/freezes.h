// Frozen parameters: tensors that an update leaves bit-equal, moments included, as the commands
// `freeze` and `unfreeze` name them: everywhere, in some layers, or single experts. Pure functions
// of the training state, which has them. Thread: whoever owns the state.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/api/command.h"
#include "core/api/freeze_parts.h"
#include "core/base/result.h"
#include "core/train/engine_state.h"

namespace hopscope::core {

/// @param layer of the tensor; −1 for those of no layer
bool is_frozen(const EngineState& state, Group group, int64_t layer);
/// Whether it belongs to the shared expert of a layer whose experts are frozen one and all.
bool shared_is_frozen(const EngineState& state, const std::string& name);
/// All that is frozen (RunStatus::frozen).
std::vector<std::string> frozen_in_words(const EngineState& state);
/// The answer to an `unfreeze` that lifts nothing.
Error not_frozen(const EngineState& state, FreezePart part);

/// Carries out a `freeze` (`on`) or `unfreeze` of a part that is parameters and that the model has.
/// Errors (usage): why it is refused; then nothing changed.
Status freeze_parameters(EngineState& state, FreezePart part, const Command& command, bool on);

}  // namespace hopscope::core
