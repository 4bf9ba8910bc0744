// The curves of a run on disk: metrics.csv and a TensorBoard event file, written together from the
// one table of columns. Owned and used by the trainer thread alone.
#pragma once

#include <cstdint>

#include "core/base/result.h"
#include "core/run/event_file.h"
#include "core/run/metrics_csv.h"
#include "core/run/run_folder.h"

namespace hopscope::core {

class MetricsLog {
  public:
    /// Opens RUN/metrics.csv cut to update `done_steps` (0 for a new run) and starts a new event
    /// file.
    static Result<MetricsLog> open(const RunFolder& folder, int64_t layers, int64_t done_steps);
    Status append(const ScalarRecord& record);
    /// Adds to the newest record what was measured later: its validation loss.
    Status amend(const ScalarRecord& record);
    /// To disk; call before a checkpoint, so that the checkpoint never knows more than metrics.csv.
    Status sync();

  private:
    MetricsLog(MetricsCsv csv, EventFile events)
        : csv_(std::move(csv)), events_(std::move(events)) {}
    MetricsCsv csv_;
    EventFile events_;
};

}  // namespace hopscope::core
