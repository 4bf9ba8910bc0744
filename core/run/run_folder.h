// A run is one model on its way through training, from one configuration and one seed, and all that
// is kept of it; on disk it is a folder (docs/formats.md#run-folder), from which it can go on at
// any time. Here is who may write that folder and the paths of everything in it. One writer at a
// time, kept by a lock that ends with the process; readers need no lock. Owned by the trainer, on
// its thread, or by whoever reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/api/config.h"
#include "core/api/snapshot.h"
#include "core/api/state.h"
#include "core/base/files.h"
#include "core/base/result.h"
#include "core/run/checkpoints.h"
#include "core/run/folder_lock.h"
#include "core/run/geometry_file.h"
#include "core/run/new_folder.h"
#include "core/run/run_info.h"

namespace hopscope::core {

/// runs/CONFIG-YYYYMMDD-HHMMSS in local time; with -2, -3, … behind it where that exists. `base`
/// stands for "runs".
std::string default_run_dir(const std::string& config_name, const std::string& base = "runs");

class RunFolder {
  public:
    /// Makes a new run and takes its lock. Errors (usage): those of check_new_folder. After an
    /// error all is as it was before.
    static Result<RunFolder> create(const std::string& dir, const std::string& config_toml,
                                    const RunInfo& info);
    /// Opens an existing run; as writer at once with lock() and begin_writing(). Errors (usage): no
    /// run; an imported model, which nothing of a run can be asked of (core/imported).
    static Result<RunFolder> open(const std::string& dir, bool writer);

    /// Of a reader that is to become the writer: takes the lock and changes nothing yet. Errors
    /// (usage): another process has it (with its number), the run went on since it was opened, or
    /// check_places().
    Status lock();
    /// Whether what the run will write has its place; lock() asks it, too. Errors (usage):
    /// something else stands where a folder or a file of the run goes.
    Status check_places() const;
    /// Of who has the lock: signs it and removes what an interrupted process left.
    Status begin_writing();
    bool locked() const { return lock_.held(); }
    /// Of the writer. Errors (failed): the folder is no longer there, or another in its place;
    /// whatever writes into it asks first, so that a deleted run does not come back as a ghost.
    Status check() const;
    /// Takes away what create() and its caller made, as far as a run's names tell; a folder or link
    /// that was there before stays. The run is no more.
    void undo_create();

    const std::string& dir() const { return dir_; }
    std::string name() const;  ///< last part of the path
    const RunInfo& info() const { return info_; }
    Status write_info(const RunInfo& info);
    Status write_state(RunState state, const std::string& reason);

    Status write_config(const std::string& toml) const;  ///< resume may change some keys

    std::string config_path() const { return dir_ + "/config.toml"; }
    std::string info_path() const { return dir_ + "/run.json"; }
    std::string metrics_path() const { return dir_ + "/metrics.csv"; }
    std::string event_dir() const { return dir_ + "/metrics"; }
    std::string events_path() const { return dir_ + "/events.jsonl"; }
    std::string tokenizer_path() const { return dir_ + "/tokenizer.model"; }
    /// The labels of the run's own synthetic text, if it was made from one.
    std::string truth_path() const { return dir_ + "/data/truth.json"; }
    std::string fork_path(int64_t step) const;  ///< RUN/forks/step_N, a run folder itself
    std::string geometry_path(int64_t step) const;
    std::string eval_path(int64_t step) const;
    /// Which this must outlive.
    Checkpoints checkpoints() const {
        return Checkpoints(dir_ + "/checkpoints", lock_.held() ? &lock_ : nullptr);
    }

    /// Writes the snapshot and thins the timeline (thin_geometry) so that the folder stays under
    /// kGeometryBudget. False: not written, because it alone is larger than that, or is itself the
    /// first that thinning would take.
    Result<bool> save_geometry(const GeometrySnapshot& snapshot,
                               const std::vector<Projection>& projections = {},
                               int64_t settled = -1) const;
    std::vector<GeometryEntry> geometry() const;  ///< rising steps
    std::vector<int64_t> evals() const;           ///< rising steps
    std::vector<int64_t> forks() const;           ///< rising steps

  private:
    RunFolder(std::string dir, RunInfo info) : dir_(std::move(dir)), info_(std::move(info)) {}
    Status fill(const std::string& config_toml);
    std::string dir_;
    RunInfo info_;
    FolderLock lock_;                 ///< not held by readers
    std::optional<NewFolder> place_;  ///< of a run that this process began
};

/// The configuration that a run was begun or last resumed with. Errors: as load_stored_config.
Result<Config> stored_config(const RunFolder& folder,
                             const std::vector<std::string>& overrides = {});

}  // namespace hopscope::core
