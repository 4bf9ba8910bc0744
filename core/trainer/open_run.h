// A finished or running run opened for reading: configuration, tokenizer and the weights of a
// checkpoint, as a rule the newest. No lock is taken: whoever writes the run goes on. Owned by the
// thread that opens it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/api/kinds.h"
#include "core/base/result.h"
#include "core/model/model.h"
#include "core/run/run_folder.h"
#include "core/text/tokenizer.h"
#include "core/train/recent_load.h"

namespace hopscope::core {

struct OpenRun {
    RunFolder folder;
    Model model;  ///< fp32, or bf16 matrices where asked for; live settings applied
    Tokenizer tokenizer;
    int64_t step = 0;        ///< of the checkpoint
    RecentLoad recent_load;  ///< of the checkpoint; empty of one from before it was kept
};

/// @param precision bf16, or all others: fp32
/// @param step of the checkpoint; without, the newest
/// Errors (usage): no run folder, no complete checkpoint, none of `step`, a checkpoint of another
/// configuration.
/// Errors (failed): weights that compute nothing (core/model/sound.h).
Result<OpenRun> open_run(const std::string& dir, Precision precision,
                         std::optional<int64_t> step = std::nullopt);

}  // namespace hopscope::core
