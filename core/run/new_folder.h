// Whether a folder is ours to fill. Here alone it is decided what stands at a path that a command
// was given (nothing, a run, a race, a batch, something foreign), and what a new one may be made
// of: a path that does not exist, an empty folder, or what a start that was killed left. A start
// that fails takes away what it made and nothing else; links are followed, never replaced. Any
// thread; a NewFolder belongs to its writer.
#pragma once

#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include "core/base/result.h"
#include "core/run/folder_lock.h"

namespace hopscope::core {

enum class FolderKind {
    absent,    ///< nothing, or a link to nothing
    empty,     ///< a folder without entries
    begun,     ///< what a start left that was killed before its folder was a run, race or batch
    run,       ///< has a run.json of ours
    race,      ///< has a race.json of ours
    batch,     ///< has a batch.json of ours
    foreign,   ///< has other content
    no_folder  ///< a file, a device, …; a name that cannot be one
};

struct FolderLook {
    FolderKind kind = FolderKind::absent;
    std::string foreign = "";    ///< an entry that is not ours
    std::error_code error = {};  ///< why what stands there cannot be told (no_folder)
};

FolderLook look_at_folder(const std::string& dir);
/// Whether `dir` holds a run (has a run.json).
bool is_run_folder(const std::string& dir);
/// Errors (usage): a new `what` cannot be made at `dir`; says what stands
/// there and what to do.
Status check_new_folder(const std::string& dir, FolderOf what);

/// Takes away what a killed start left in `dir` (FolderKind::begun), which stays, empty. Errors:
/// those of FolderLock::take.
Status clear_begun(const std::string& dir, FolderOf what);

/// Folders that were made for a path, outermost first.
using MadeFolders = std::vector<std::string>;
/// Makes `dir` and what is missing above it; a link to nothing gets the folder it names. Errors
/// (failed): the disk, or a file in the way; nothing is left then.
Result<MadeFolders> make_folders(const std::string& dir);
/// Takes those away again that are empty.
void remove_folders(const MadeFolders& made);

/// A folder for something new, locked by this process.
class NewFolder {
  public:
    /// Errors: those of check_new_folder, make_folders, FolderLock::take.
    static Result<NewFolder> make(const std::string& dir, FolderOf what);
    NewFolder() = default;

    /// The folder becomes what it was made for, by `fill`: hands the lock over, which a later
    /// undo() needs again. Where that fails, `take_back` removes what `fill` wrote, and the rest
    /// goes as by undo(). Errors: those of `fill`; failed.
    Result<FolderLock> become(const std::function<Status()>& fill,
                              const std::function<void()>& take_back);
    /// Takes away `files` (names in the folder), the lock and the folders that were made, as far as
    /// they are empty by then.
    void undo(FolderLock lock, const std::vector<std::string>& files);
    void undo() { undo(std::move(lock_), {}); }

  private:
    std::string dir_;
    MadeFolders made_;
    FolderLock lock_;
};

}  // namespace hopscope::core
