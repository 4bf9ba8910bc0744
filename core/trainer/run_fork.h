// A fork is a copy of a run in training that goes on beside it on the same batches, so that what
// differs between the two is the doing of what the copy alone was given. It is a run itself: here
// its folder is founded, and given the past that it shares with the run. Trainer thread.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/trainer/live_run.h"
#include "core/trainer/run_records.h"

namespace hopscope::core {

/// The folder `dir` of `copy`, which was taken from the run of `records` at its present step and
/// given `with` (may be null): curves and changes up to now are those of the run, and a checkpoint
/// stands at this step, so that the fork can go on by itself and its events.jsonl replays its
/// course. Errors: as RunFolder::create; failed (disk). Nothing is left behind then.
Result<RunRecords> found_fork(const std::string& dir, const RunRecords& records,
                              const LiveRun& copy, const Command* with);

}  // namespace hopscope::core
