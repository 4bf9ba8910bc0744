// A run is one model on its way through training, from one configuration and one seed, and all that
// is kept of it; on disk it is a folder (docs/formats.md#run-folder), from which it can go on at
// any time. Here is who may write that folder, its description run.json, and the paths of
// everything in it. One writer at a time, kept by a lock that ends with the process; readers need
// no lock. Owned by the trainer, or by whoever reads.
#pragma once

#include <cstdint>
#include <map>
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

namespace hopscope::core {

/// One resumption, kept in run.json.
struct ResumeNote {
    int64_t step = 0;                  ///< of the checkpoint
    double time = 0;                   ///< seconds, Unix
    std::vector<std::string> changed;  ///< "train.steps: 2000 → 4000"
    bool operator==(const ResumeNote&) const = default;
};

/// Where a fork came from, kept in run.json; a run of its own has an empty `run`.
struct ForkOrigin {
    std::string run;   ///< name of the run folder
    int64_t step = 0;  ///< updates that both have in common
    std::string with;  ///< the command that the copy alone was given, as JSON; "" = none
    bool operator==(const ForkOrigin&) const = default;
};

/// run.json, format "hopscope.run/1".
struct RunInfo {
    std::string program_version;
    std::string config_name;  ///< "first_look"
    std::string config_hash;
    std::optional<DeviceKind> device;    ///< decided; an older version may not have said it
    std::string device_name;             ///< for people
    std::optional<Precision> precision;  ///< decided, likewise
    std::string source;                  ///< "synthetic text", or the corpus file
    bool synthetic = false;
    uint64_t seed = 0;
    int64_t threads = 0;  ///< resolved once, reused by resume
    int64_t steps = 0;
    int64_t parameters = 0;
    int64_t peak_memory_bytes = 0;                     ///< of a training step; 0: none measured
    double created = 0;                                ///< seconds, Unix
    std::map<std::string, std::string> corpus_hashes;  ///< "train", "valid", "tokenizer" → hash
    /// Operator → form, chosen when the run is made, obeyed ever after
    /// (core/trainer/kernel_choices.h).
    std::map<std::string, std::string> kernel_choices;
    std::vector<ResumeNote> resumes;
    /// Commands given when the run was made, one JSON line each, by rising from_step: those not yet
    /// in events.jsonl wait (core/trainer/run_script.h).
    std::vector<std::string> script;
    ForkOrigin forked_from;
    bool debug = false;  ///< at some time its configuration asked for faults ([debug])
    RunState state = RunState::preparing;
    std::string reason;  ///< of a failure; the file then says "failed: reason"
    bool operator==(const RunInfo&) const = default;
};

std::string run_info_json(const RunInfo& info);
/// `name` stands for the file in messages (usage errors). Unknown fields are ignored, missing ones
/// keep their default.
Result<RunInfo> parse_run_info(const std::string& json, const std::string& name);

/// runs/CONFIG-YYYYMMDD-HHMMSS in local time; with -2, -3, … behind it where that exists. `base`
/// stands for "runs".
std::string default_run_dir(const std::string& config_name, const std::string& base = "runs");

class RunFolder {
  public:
    /// Makes a new run and takes its lock. Errors (usage): those of check_new_folder. After an
    /// error all is as it was before.
    static Result<RunFolder> create(const std::string& dir, const std::string& config_toml,
                                    const RunInfo& info);
    /// Opens an existing run; as writer at once with lock() and begin_writing().
    static Result<RunFolder> open(const std::string& dir, bool writer);

    /// Of a reader that is to become the writer: takes the lock and changes nothing yet. Errors
    /// (usage): another process has it (with its number), the run went on since it was opened, or
    /// something stands where begin_writing() and the run's data need a folder.
    Status lock();
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

    Result<std::string> config_toml() const;             ///< as it stands; read: stored_config
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

    /// Writes the snapshot and thins the timeline so that the folder stays under kGeometryBudget.
    /// False: not written, because it alone is larger than that.
    Result<bool> save_geometry(const GeometrySnapshot& snapshot,
                               const std::vector<Projection>& projections = {}) const;
    std::vector<GeometryEntry> geometry() const;  ///< rising steps
    std::vector<int64_t> evals() const;           ///< rising steps
    std::vector<int64_t> forks() const;           ///< rising steps

  private:
    RunFolder(std::string dir, RunInfo info) : dir_(std::move(dir)), info_(std::move(info)) {}
    Status fill(const std::string& config_toml);
    Status check_folders() const;
    std::string dir_;
    RunInfo info_;
    FolderLock lock_;                 ///< not held by readers
    std::optional<NewFolder> place_;  ///< of a run that this process began
};

/// The configuration that a run was begun or last resumed with. Errors: usage, its file cannot be
/// read or holds none.
Result<Config> stored_config(const RunFolder& folder);

}  // namespace hopscope::core
