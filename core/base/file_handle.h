// What stands under a name, and descriptors: what every reading and writing of files here is made
// of. Only regular files are read; nothing waits for the other end of a pipe. Plain POSIX; an
// object belongs to the thread that made it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace hopscope::core {

/// What a name stands for, links followed. A link that leads nowhere is nothing.
enum class FileKind : uint8_t { none, file, folder, pipe, socket, device };
FileKind kind_of_file(const std::string& path);
/// Whether anything stands there.
bool file_exists(const std::string& path);
/// "a folder", "a named pipe", …
const char* name_of(FileKind kind);
/// "PATH: is a named pipe, a regular file is expected" (usage).
Error no_regular_file(const std::string& path, FileKind kind);

/// "PATH: WHAT; nothing more is written there, …" (failed), of what a writer found gone.
Error taken_away(const std::string& path, const std::string& what);

/// "cannot write PATH: No space left on device; …" from an errno value, with what to do where that
/// is known.
Error file_error(const std::string& action, const std::string& path, int errno_value);

/// "WHAT: cannot be read: Is a directory": usage; failed for want of something that the same call
/// finds another time (descriptors, memory, a disk that works).
Error reading_error(const std::string& what, int errno_value);
bool is_of_the_machine(int errno_value);  ///< such a want
/// Of a write that failed: who read it has gone, and so has what they wanted.
bool reader_has_gone(int errno_value);

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
    /// Gives the descriptor to someone else, who closes it.
    int release() { return std::exchange(fd_, -1); }

  private:
    int fd_ = -1;
};

/// A regular file, opened for reading, and how large it was then.
struct OpenedFile {
    FileHandle handle;
    uint64_t bytes = 0;
};
/// Errors, beginning with the path: usage, for no such file, not ours to read, no regular file;
/// failed, where descriptors or memory run out or the disk fails.
Result<OpenedFile> open_to_read(const std::string& path);

/// Fills `out` with what stands in the file from `offset` on; returns how many bytes there were,
/// fewer than asked for where the file ends before. Errors: those of reading_error.
Result<size_t> read_at(const OpenedFile& file, uint64_t offset, std::span<char> out,
                       const std::string& path);

/// Writes all bytes to `fd`, however many calls that takes.
Status write_all(int fd, const void* data, size_t bytes, const std::string& path);
/// Makes what was written to `fd` durable, where the file system can.
Status sync_fd(int fd, const std::string& path);
/// Makes a rename or creation inside `dir` durable.
Status sync_dir(const std::string& dir);
/// Names of all entries of the folder `path`; none where there is no folder. Errors: those of
/// reading_error.
Result<std::vector<std::string>> list_folder(const std::string& path);
/// Makes a folder where it is missing, and nothing above it: the folder of a run that was deleted
/// must not come back. Errors (failed) name the path.
Status make_folder(const std::string& path);
/// `path` without its last part; "." where there is none.
std::string parent_dir(const std::string& path);

}  // namespace hopscope::core
