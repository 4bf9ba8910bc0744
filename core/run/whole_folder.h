// A folder that appears whole or not at all: filled beside its place under a name of its own, then
// renamed to it. What a kill leaves there is told by its mark (scratch_owner.h) and swept by the
// next one that is made beside it. An object belongs to the thread that made it.
#pragma once

#include <optional>
#include <string>

#include "core/base/file_handle.h"
#include "core/base/result.h"
#include "core/run/new_folder.h"

namespace hopscope::core {

class WholeFolder {
  public:
    /// Makes the folder to fill, and what is missing above `dir`; a link at `dir` is followed.
    /// Errors: those of check_new_folder and make_folders; failed, the disk.
    static Result<WholeFolder> make(const std::string& dir, FolderOf what);
    WholeFolder(WholeFolder&& other) noexcept;
    WholeFolder& operator=(WholeFolder&&) = delete;
    /// What is not finished is taken away again.
    ~WholeFolder();

    const std::string& path() const { return path_; }  ///< where it is filled
    /// The folder under its name, durable. One that stood there empty stays the same folder, in
    /// which someone may stand: what was filled is moved into it, that which makes it what it is
    /// last. Errors: usage, where somebody else has put something there meanwhile, which stays;
    /// failed, the disk.
    Status finish();

  private:
    WholeFolder(std::string dir, FolderOf what) : dir_(std::move(dir)), what_(what) {}
    Status open();
    Status move_in();
    std::string dir_, place_, path_;  ///< as asked for; where links lead; "": nothing to take away
    FolderOf what_;
    MadeFolders made_;  ///< empty: `dir` stood there
    std::optional<FileHandle> owner_;
};

}  // namespace hopscope::core
