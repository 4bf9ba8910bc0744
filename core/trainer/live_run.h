// A run in memory: all that decides its next updates and what it shows of them, beside its files
// (run_records.h). A fork begins as a copy of this, made as a whole, so that nothing of a run can
// be forgotten in it: the copy goes on alone, sharing only what never changes. Owned by a
// RunTrainer, used by the trainer thread alone.
#pragma once

#include <cstdint>

#include "core/api/config.h"
#include "core/base/result.h"
#include "core/session/trainer.h"
#include "core/train/engine.h"
#include "core/trainer/device.h"
#include "core/trainer/geometry_recorder.h"
#include "core/trainer/replay_queue.h"
#include "core/trainer/run_data.h"

namespace hopscope::core {

struct LiveRun {
    Config config;  ///< as the run was begun or resumed with; what is set live is the engine's
    Device device;
    RunData data;
    Engine engine;
    ReplayQueue replay;
    GeometryRecorder geometry;

    int64_t step() const { return engine.state().step; }
    /// What the session must do after update `step`.
    Due due(int64_t step) const;
    /// Commands of the log whose update is next; they come before any new one.
    Status catch_up() { return replay.apply_due(engine); }
    /// A new command, before the next update. The error says why it is refused.
    Status apply(const Command& command);
};

}  // namespace hopscope::core
