// How a run begins: made anew, or gone on with from its folder. What was decided when a run was
// made (device, threads, precision, kernels) stands in its run.json and is kept, so that it goes on
// bit for bit. Functions of the steps that RunTrainer::prepare takes; trainer thread.
#pragma once

#include <optional>

#include "core/api/config.h"
#include "core/api/progress.h"
#include "core/api/session.h"
#include "core/base/result.h"
#include "core/trainer/device.h"
#include "core/trainer/run_records.h"
#include "kernels/ops.h"

namespace hopscope::core {

/// How a run is trained, all "auto" resolved.
struct RunSetup {
    Config config;
    Device device;
    kernels::Form form = kernels::Form::fused;
};

/// Of the configuration asked for; where a run is gone on with, what the configuration leaves open
/// is as run.json has it. Errors: usage, no run folder, kernels that do not exist, or a table
/// [debug] that is not allowed; failed, no such device.
Result<RunSetup> set_up(const SessionOptions& options);

/// Whether what a model is trained with fits into `available` bytes (negative: unknown, then yes):
/// a system that runs out of memory kills without a word. The refusal (usage) names both figures.
Status check_run_memory(const Config& config, int64_t available);

/// The folder of a new run. Errors: of check_run_memory; as RunFolder::create.
Result<RunRecords> create_run(const SessionOptions& options, const RunSetup& setup);

struct ReopenedRun {
    RunRecords records;                     ///< locked, unless the run is opened to look at
    std::optional<EngineState> checkpoint;  ///< the newest complete one; none yet: from the start
};
/// Reads alone. Errors (usage): keys differ that resume may not change; fewer steps than are done;
/// checkpoints, of which none can be read; another process writes the run.
Result<ReopenedRun> reopen_run(const SessionOptions& options, const RunSetup& setup,
                               const Progress& progress);

/// Before the first update: initial weights on the run's device.
EngineState first_state(const RunSetup& setup);

}  // namespace hopscope::core
