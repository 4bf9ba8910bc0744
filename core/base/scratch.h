// A folder of its own under the temporary directory, for token files of a foreign corpus. Whoever
// holds the object owns the folder; it goes with it, and with the next one if its process is
// killed. Any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "core/base/file_handle.h"
#include "core/base/result.h"

namespace hopscope::core {

class Scratch {
  public:
    /// `purpose` becomes part of the name. Errors (usage): the temporary directory, which TMPDIR
    /// names, does not exist or takes no folder.
    static Result<Scratch> make(const std::string& purpose);
    ~Scratch();
    Scratch(Scratch&& other) noexcept
        : path_(std::exchange(other.path_, {})), owner_(std::move(other.owner_)) {}
    Scratch& operator=(Scratch&& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(owner_, other.owner_);
        return *this;
    }
    std::string path() const { return path_.string(); }

  private:
    Scratch(std::filesystem::path path, std::optional<FileHandle> owner)
        : path_(std::move(path)), owner_(std::move(owner)) {}

    std::filesystem::path path_;
    std::optional<FileHandle> owner_;  ///< of the folder, for those who sweep
};

}  // namespace hopscope::core
