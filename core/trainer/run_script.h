// Commands that a run is given before it begins (train --script): kept in run.json, carried out at
// their steps by the session, counted in events.jsonl. Files only; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/api/command.h"
#include "core/base/result.h"
#include "core/run/run_folder.h"

namespace hopscope::core {

/// `commands` as a run of `steps` updates takes them: by rising from_step, without pause, resume,
/// step and stop, which would leave it waiting for a person. Errors (usage): one that does not act
/// on a run in training, or that waits for an update which is never made.
Result<std::vector<Command>> training_script(std::vector<Command> commands, int64_t steps);

/// What of the run's script is not in its events.jsonl yet. Errors (usage): a damaged file.
Result<std::vector<Command>> script_left(const RunFolder& folder);

}  // namespace hopscope::core
