// Between the engine's state and a checkpoint on disk. Trainer thread for writing; reading on any
// thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <map>
#include <string>

#include "core/api/config.h"
#include "core/base/result.h"
#include "core/model/model.h"
#include "core/model/weights.h"
#include "core/run/checkpoints.h"
#include "core/run/safetensors_file.h"
#include "core/train/engine.h"

namespace hopscope::core {

/// Part of a run's text → content hash, as run.json has them.
using CorpusHashes = std::map<std::string, std::string>;

/// The metadata key `config` of the model file holds the resolved TOML with live settings applied,
/// `train` and `tokenizer` what `corpus` says of these.
Status write_checkpoint(const Checkpoints& checkpoints, const EngineState& state,
                        const CorpusHashes& corpus = {});

/// Whether the weights were trained on the run's own text. Errors (usage) name the file. What one
/// of both does not say is not compared; but a run that goes on must say what its weights do.
Status check_trained_on(const SafetensorsFile& model, const CorpusHashes& corpus, bool goes_on);

/// All of it, moved to `device`. `config` is the resolved configuration the run goes on with.
/// Errors (usage): a tensor missing, surplus or of another shape; a foreign state.json.
Result<EngineState> read_checkpoint(const Checkpoint& checkpoint, const Config& config,
                                    const at::Device& device);

/// The configuration of `model` with the live settings of the checkpoint's state.json (lr, tau,
/// top_k, …), as its weights were last used with them. Errors (usage): as read_state, for a file
/// that is wrong anywhere may be wrong here.
Result<Config> with_live_settings(const Checkpoint& checkpoint, Model model);

/// Only the weights, fp32.
Result<Weights> read_weights(const SafetensorsFile& file, const Config& config,
                             const at::Device& device);

}  // namespace hopscope::core
