// A checkpoint is all that a run needs to go on bit for bit from one update: weights, moments, and
// what had been set live, as checkpoints/step_N/{model.safetensors, optimizer.safetensors,
// state.json}. Written under a temporary name and renamed when all of it is on disk, so that a
// folder of the final name is complete. Trainer thread only for writing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/run/folder_lock.h"
#include "core/run/safetensors.h"
#include "core/run/safetensors_file.h"

namespace hopscope::core {

/// What goes into a checkpoint; the tensors' bytes are only read during the call.
struct CheckpointContent {
    std::vector<TensorView> model;
    std::map<std::string, std::string> model_metadata;  ///< "config": resolved TOML
    std::vector<TensorView> optimizer;
    std::map<std::string, std::string> optimizer_metadata;
    std::string state_json = "{}";  ///< an object; "format" (hopscope.state/1), "step" and "hashes"
                                    ///< (of the tensors in both files) are put before its fields
};

/// An opened, checked checkpoint.
struct Checkpoint {
    int64_t step = 0;
    std::string dir;
    SafetensorsFile model;
    SafetensorsFile optimizer;
    std::string state_json;
};

/// The folder RUN/checkpoints. Steps are folder names step_%08d; other names are ignored.
class Checkpoints {
  public:
    /// @param lock of the run's writer, which outlives this; nobody else writes
    explicit Checkpoints(std::string dir, const FolderLock* lock = nullptr)
        : dir_(std::move(dir)), lock_(lock) {}

    /// Whether nothing stands under the names that folders have while they are written, replaced
    /// and deleted but such folders. Errors (usage) name it.
    Status check_places() const;
    /// Whether checkpoints after `step` can be written where they go. Errors (usage) name what
    /// stands there and is no folder.
    Status check_places_after(int64_t step) const;
    /// Replaces a checkpoint of the same step; what a person put there stays. After an error
    /// (failed: disk full, the run's folder was taken away, …) the earlier ones are untouched, and
    /// nothing stands in a folder that took the run's place.
    Status write(int64_t step, const CheckpointContent& content) const;
    /// All steps with a folder of the final name, rising; and those whose replacement was cut
    /// short, with the one set aside.
    std::vector<int64_t> steps() const;
    /// How much of a checkpoint's tensors is compared with what was written.
    enum class Content { unread, weights, whole };
    /// Errors (usage) name the file that is missing or wrong.
    Result<Checkpoint> open(int64_t step, Content content = Content::unread) const;
    /// The newest whose three files open, validate and hold what was written; none: nullopt.
    /// `skipped`, if given, gets why newer ones were not. `unread`, if given, gets the error
    /// (failed) that ended the search where descriptors or memory ran out: what cannot be read now
    /// is not damaged, and an older one must not be gone on with.
    std::optional<Checkpoint> newest_complete(std::vector<std::string>* skipped = nullptr,
                                              Status* unread = nullptr) const;
    /// The newest there is, for readers beside a writer: what it has just rotated away or is
    /// replacing is passed over for what came instead. Errors (usage): none there; or the newest,
    /// which stays where it is, is damaged: an older one in its place would mislead; failed,
    /// descriptors or memory ran out.
    Result<Checkpoint> open_newest() const;
    /// Deletes all but the newest `keep` (at least 1) complete ones; folders that do not validate,
    /// or in which a person keeps something, are left alone.
    Status rotate(int64_t keep) const;
    /// Removes what an interrupted write or deletion left. Only for the one writer of the run.
    Status clean() const;
    /// Of the folder to read; of the final name, but of a replacement that was cut short.
    std::string path_of(int64_t step) const;

  private:
    Status check_step_place(int64_t step) const;
    Status make(const std::string& folder) const;
    std::string dir_;
    const FolderLock* lock_;
};

}  // namespace hopscope::core
