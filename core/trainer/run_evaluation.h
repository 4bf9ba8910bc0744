// One evaluation of a live run on its own validation batches, as its training leaves the model:
// frozen routing and interventions included. Used by the trainer thread alone.
#pragma once

#include "core/api/progress.h"
#include "core/base/result.h"
#include "core/run/run_folder.h"
#include "core/train/evaluate.h"
#include "core/trainer/live_run.h"

namespace hopscope::core {

/// Saves it as eval/step_N.json of `folder`. Errors: interrupted; failed (disk).
Result<Evaluation> evaluate_run(const LiveRun& run, const RunFolder& folder,
                                const Progress& progress);

}  // namespace hopscope::core
