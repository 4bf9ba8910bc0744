// What a look at a run folder tells, for a list of runs: how it stands, without its curves, weights
// or text. Plain values, any thread.
#pragma once

#include <cstdint>
#include <string>

#include "core/api/state.h"

namespace hopscope::core {

struct RunLook {
    std::string variant;  ///< name of its configuration; of a race those of its lanes
    RunState state = RunState::paused;
    bool being_written = false;  ///< by some process; one that is not does not run
    bool synthetic = false;      ///< trained on generated text
    int64_t step = 0;            ///< of the newest checkpoint; 0: none yet
    int64_t steps = 0;           ///< configured
    int64_t lanes = 0;           ///< of a race; 0: a single run
    bool operator==(const RunLook&) const = default;
};

}  // namespace hopscope::core
