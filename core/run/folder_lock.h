// The lock of the one writer of a folder (a run, a race, a batch): flock on DIR/.lock, which ends
// with the process however that ends. Who holds it also knows whether the folder is still the one
// that was locked, so that nothing is written into a name that was deleted or given to something
// else meanwhile. A .lock that this program did not write is somebody's file: it is neither written
// nor deleted. Owned by the writer; one thread.
#pragma once

#include <cstdint>
#include <string>

#include "core/api/kinds.h"
#include "core/base/files.h"
#include "core/base/result.h"

namespace hopscope::core {

/// What stands at DIR/.lock, told by its exact bytes; links are not followed.
enum class LockKind : uint8_t {
    none,        ///< nothing
    writer,      ///< ours: a process number, or empty (killed before it signed)
    unfinished,  ///< ours, with the mark of a folder that is not finished yet
    foreign      ///< anything else
};
LockKind kind_of_lock(const std::string& dir);

/// What a writer makes of a folder.
enum class FolderOf : uint8_t { run, race, batch, model };
constexpr auto words_of(FolderOf) {
    return words("run", "race", "batch", "model");
}

class FolderLock {
  public:
    FolderLock() = default;  ///< of nothing; held() is false
    /// Changes no byte of the folder yet. `what` is written there, for messages.
    /// Errors: usage, another process has it (with its number where that is known), or what stands
    /// there is not ours; failed.
    static Result<FolderLock> take(const std::string& dir, FolderOf what);
    FolderLock(FolderLock&& other) noexcept;
    FolderLock& operator=(FolderLock&& other) noexcept;
    /// Takes a .lock away again that it made and that was never signed.
    ~FolderLock();

    bool held() const { return file_.valid(); }
    /// From now on the folder is written: the file says by whom, and whether the folder is only
    /// being made.
    Status sign(bool unfinished = false);
    /// Errors (failed): the folder was deleted, moved or replaced since it was locked.
    Status check() const;
    /// Makes `path`, a name below the folder's own, in the folder that was locked and in no other
    /// that took its place; one that is there is fine. Errors (failed): as check().
    Status make_folder(const std::string& path) const;
    /// Deletes the file and lets go.
    void remove();

  private:
    std::string dir_;
    FileHandle folder_, file_;
    bool made_ = false, signed_ = false;
};

/// Whether some process (this one, too) holds the lock of `dir` now.
bool is_being_written(const std::string& dir);

}  // namespace hopscope::core
