// The files of a run while it is trained: its folder, the lock of the one writer, run.json, the
// curves (metrics.csv beside TensorBoard's event file), the log of commands, checkpoints. Records
// of an existing run begin as a look at it, which changes nothing on disk, until take() makes them
// the writer's. Owned by a RunTrainer, used by the trainer thread alone.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/api/snapshot.h"
#include "core/base/result.h"
#include "core/run/event_log.h"
#include "core/run/metrics_log.h"
#include "core/run/run_folder.h"
#include "core/train/engine.h"
#include "core/trainer/device.h"

namespace hopscope::core {

/// What run.json says of how a run is trained.
void describe(RunInfo& info, const Config& config, const Device& device);

class RunRecords {
  public:
    /// Makes the folder of a new run and takes its lock. Errors: as RunFolder::create.
    static Result<RunRecords> create(const std::string& dir, const Config& config,
                                     const RunInfo& info);
    /// A look at an existing run. @param changed what differs from the run as it was left, for the
    /// note of a resumption
    RunRecords(RunFolder folder, std::vector<std::string> changed)
        : folder_(std::move(folder)), changed_(std::move(changed)) {}

    const RunFolder& folder() const { return folder_; }
    bool writes() const { return writes_; }    ///< this process writes the folder
    bool created() const { return created_; }  ///< the folder is of this process
    Status lock() { return folder_.lock(); }   ///< RunFolder::lock
    /// Whether the folder is still the run's (RunFolder::check).
    Status check() const { return folder_.check(); }
    void undo_create() { folder_.undo_create(); }

    /// Makes a look the writer: takes the lock if it has not, then `place`s what was made for the
    /// run beside it, notes in run.json a resumption at `step`, and leaves the forks that nobody
    /// trains any more. Errors: as RunFolder::open; of `place`.
    Status take(const Config& config, const Device& device, int64_t step,
                const std::function<Status()>& place);
    /// Of the writer: metrics.csv cut to `step`, a new event file, the log of commands.
    Status open_logs(int64_t layers, int64_t step);

    /// The curves up to update `step`, and as read_metrics_csv the columns that are `unknown`.
    /// Errors: as there.
    Result<std::vector<ScalarRecord>> history(int64_t step,
                                              std::vector<std::string>* unknown = nullptr) const;
    /// What `history` lacks before `step`, of a checkpoint (every update has a record, on disk
    /// before a checkpoint is), and which `unknown` columns are not gone on with: sentences, also
    /// kept for the note of a resumption.
    std::vector<std::string> note_curves(const std::vector<ScalarRecord>& history, int64_t step,
                                         const std::vector<std::string>& unknown);

    // Of the writer, once the logs are open.
    Status append(const ScalarRecord& record);
    Status amend(const ScalarRecord& record);
    Status log(const Command& command, int64_t step, const std::string& by);
    /// A checkpoint of `state`, which never knows more than metrics.csv; the `keep` newest stay.
    Status checkpoint(const EngineState& state, int64_t keep);

    Status write_info(const RunInfo& info) { return folder_.write_info(info); }
    /// @param peak_memory bytes of an update; 0: none measured
    Status write_state(RunState state, const std::string& reason, int64_t peak_memory);

  private:
    RunFolder folder_;
    std::vector<std::string> changed_;
    std::optional<MetricsLog> metrics_;
    std::optional<EventLog> events_;
    bool writes_ = false, created_ = false;
};

}  // namespace hopscope::core
