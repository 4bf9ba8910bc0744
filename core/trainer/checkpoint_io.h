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

/// What a checkpoint's state.json says of a model that is only read.
struct AsTrained {
    Config config;           ///< with the live settings (lr, tau, top_k, …) its weights last had
    RecentLoad recent_load;  ///< empty of a file from before it was kept
};
/// @param model of the checkpoint, with the configuration of the run. Errors (usage): as
/// read_state, for a file that is wrong anywhere may be wrong here.
Result<AsTrained> as_trained(const Checkpoint& checkpoint, Model model);

/// Only the weights, fp32.
Result<Weights> read_weights(const SafetensorsFile& file, const Config& config,
                             const at::Device& device);

}  // namespace hopscope::core
