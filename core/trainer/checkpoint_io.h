// Between the engine's state and a checkpoint on disk. Trainer thread for writing; reading on any
// thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <string>

#include "core/api/config.h"
#include "core/base/result.h"
#include "core/model/weights.h"
#include "core/run/checkpoints.h"
#include "core/train/engine.h"

namespace hopscope::core {

/// The metadata key `config` of the model file holds the resolved TOML with live settings applied.
Status write_checkpoint(const Checkpoints& checkpoints, const EngineState& state);

/// All of it, moved to `device`. `config` is the resolved configuration the run goes on with.
/// Errors (usage): a tensor missing, surplus or of another shape; a foreign state.json.
Result<EngineState> read_checkpoint(const Checkpoint& checkpoint, const Config& config,
                                    const at::Device& device);

/// Lays the live settings of a state.json (lr, tau, top_k, …) over `config`, as the weights were
/// last used with them.
Status apply_live_settings(const Checkpoint& checkpoint, Config& config);

/// Only the weights, fp32.
Result<Weights> read_weights(const SafetensorsFile& file, const Config& config,
                             const at::Device& device);

}  // namespace hopscope::core
