// Files that are read whole, and files that only grow: those are cut back to their last complete
// line, so that a kill or a full disk at any moment leaves them whole. New files are in new_file.h.
// Plain POSIX; an object belongs to the thread that made it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/debug_points.h"
#include "core/base/file_handle.h"  // IWYU pragma: export
#include "core/base/new_file.h"     // IWYU pragma: export
#include "core/base/result.h"

namespace hopscope::core {

/// The whole file. Errors (usage) where it is missing, no regular file, or larger than `max_bytes`.
Result<std::string> read_file(const std::string& path, size_t max_bytes = size_t{1} << 30);
/// The same for text that people write: without the byte-order mark that some editors begin with.
Result<std::string> read_text(const std::string& path, size_t max_bytes = size_t{1} << 30);
/// The same of what was read otherwise, from `name`. Errors (usage): it is of another encoding, as
/// far as its beginning tells.
Result<std::string> as_text(std::string bytes, const std::string& name);
std::string without_mark(std::string text);

/// All complete lines of a text without their line ends; what follows the last '\n' is torn and
/// left out.
std::vector<std::string_view> complete_lines(std::string_view text);

/// A file of lines that only grows. Opening repairs it: bytes after the last '\n' are a torn line
/// and are cut.
class AppendFile {
  public:
    static Result<AppendFile> open(const std::string& path);
    /// A new, empty file of any content; an error (usage) where the path exists.
    static Result<AppendFile> create(const std::string& path);
    /// Whether it still has its name. Errors (failed): it was deleted, or replaced.
    Status check() const;
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
