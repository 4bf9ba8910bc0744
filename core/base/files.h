// Files that survive a kill or a full disk at any moment: whole files are replaced by temporary
// name, fsync, rename; appended files are cut back to their last complete line. Plain POSIX; an
// object belongs to the thread that made it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/debug_points.h"
#include "core/base/result.h"

namespace hopscope::core {

/// "cannot write PATH: No space left on device; …" from an errno value, with what to do where that
/// is known.
Error file_error(const std::string& action, const std::string& path, int errno_value);

/// An open file descriptor, closed on destruction.
class FileHandle {
  public:
    FileHandle() = default;
    explicit FileHandle(int fd) : fd_(fd) {}
    FileHandle(FileHandle&& other) noexcept;
    FileHandle& operator=(FileHandle&& other) noexcept;
    FileHandle(const FileHandle&) = delete;
    FileHandle& operator=(const FileHandle&) = delete;
    ~FileHandle();
    int get() const { return fd_; }
    bool valid() const { return fd_ >= 0; }

  private:
    int fd_ = -1;
};

/// Writes all bytes to `fd`, however many calls that takes.
Status write_all(int fd, const void* data, size_t bytes, const std::string& path);
/// Makes what was written to `fd` durable, where the file system can.
Status sync_fd(int fd, const std::string& path);
/// Makes a rename or creation inside `dir` durable.
Status sync_dir(const std::string& dir);
/// Makes a folder where it is missing, and nothing above it: the folder of a run that was deleted
/// must not come back. Errors (failed) name the path.
Status make_folder(const std::string& path);
/// Copies under a temporary name, then renames: `to` is whole or what it was before.
std::error_code copy_file_atomic(const std::string& from, const std::string& to);
/// `path` without its last part; "." where there is none.
std::string parent_dir(const std::string& path);

/// Replaces `path` by `parts`, one after the other: afterwards it holds all of them or is what it
/// was before. Errors (failed) name the path and the cause. @param rename reached when all is
/// written under the temporary name
Status write_file_atomic(const std::string& path, std::span<const std::string_view> parts,
                         DebugPoint rename = DebugPoint::none);
Status write_file_atomic(const std::string& path, std::string_view bytes,
                         DebugPoint rename = DebugPoint::none);

/// The whole file. Errors (usage) where it is missing, no regular file, or larger than `max_bytes`.
Result<std::string> read_file(const std::string& path, size_t max_bytes = size_t{1} << 30);

/// All complete lines of a text without their line ends; what follows the last '\n' is torn and
/// left out.
std::vector<std::string_view> complete_lines(std::string_view text);

/// A file of lines that only grows. Opening repairs it: bytes after the last '\n' are a torn line
/// and are cut.
class AppendFile {
  public:
    static Result<AppendFile> open(const std::string& path);
    /// A new, empty file of any content; an error (failed) where the path exists.
    static Result<AppendFile> create(const std::string& path);
    /// Whole lines (or records). After an error (failed) the file is as it was before the call.
    /// @param torn reached when half of them is written
    Status append(std::string_view bytes, DebugPoint torn = DebugPoint::none);
    /// Cuts the file to its first `bytes`.
    Status truncate(uint64_t bytes);
    Status sync();
    uint64_t size() const { return size_; }
    const std::string& path() const { return path_; }

  private:
    AppendFile(FileHandle file, std::string path, uint64_t size)
        : file_(std::move(file)), path_(std::move(path)), size_(size) {}
    FileHandle file_;
    std::string path_;
    uint64_t size_ = 0;
};

}  // namespace hopscope::core
