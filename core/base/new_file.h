// Files that appear whole or not at all: written without a name where the file system can, then put
// in the place of what stood there. A link stays and what it leads to is replaced; pipes, devices
// and folders are never. What is finished lands in the folder in which it was begun, even if that
// was moved and another took its place. An object belongs to the thread that made it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/base/debug_points.h"
#include "core/base/file_handle.h"

namespace hopscope::core {

/// A file on its way. What is not finished leaves nothing behind, even after a kill (but for file
/// systems without unnamed files, and the moment of the renaming: there PATH.tmp may stay, since
/// nothing tells it from a file that a person calls so; who owns the whole folder sweeps it).
class NewFile {
  public:
    /// Errors: usage, where the name stands for something that is no regular file; failed, where no
    /// file can be made there.
    static Result<NewFile> create(const std::string& path);
    NewFile(NewFile&&) noexcept = default;
    NewFile& operator=(NewFile&&) = delete;
    ~NewFile();

    int fd() const { return file_.get(); }  ///< for reading and writing
    const std::string& path() const { return path_; }
    Status write(std::string_view bytes) {
        return write_all(fd(), bytes.data(), bytes.size(), path_);
    }
    /// The file under its name, durable. @param rename reached when all is written
    Status finish(DebugPoint rename = DebugPoint::none);

  private:
    NewFile(std::string path, FileHandle folder, std::string name);
    Status open();
    Status name_it();
    std::string path_;  ///< as asked for
    FileHandle folder_;
    std::string name_, temporary_;  ///< in the folder where the links lead
    FileHandle file_;
    bool named_ = false;  ///< `temporary_` exists and is ours
};

/// Replaces `path` by `parts`, one after the other: afterwards it holds all of them or is what it
/// was before. Errors as NewFile has them; they name the path and the cause.
Status write_file_atomic(const std::string& path, std::span<const std::string_view> parts,
                         DebugPoint rename = DebugPoint::none);
Status write_file_atomic(const std::string& path, std::string_view bytes,
                         DebugPoint rename = DebugPoint::none);
/// A second file with the bytes of `from`; `to` is whole or what it was before. Errors: those of
/// open_to_read and of NewFile.
Status copy_file(const std::string& from, const std::string& to);

/// How a result is written: in one go, which a terminal, /dev/null or this program's own
/// descriptors (/dev/stdout, /dev/fd/N) take too, or here and there, which needs a regular file.
enum class OutputUse : uint8_t { stream, places };

/// Whether a result can be written to `path`; asked before the work, which may take hours. Errors
/// (usage) begin with "--out: ": no such folder, a folder itself, a named pipe (nobody may ever
/// read it), not ours to write.
Status check_output(const std::string& path, OutputUse use = OutputUse::stream);
/// The text to a file, replaced whole, or to what else check_output() takes.
Status write_output(const std::string& path, std::string_view text);

}  // namespace hopscope::core
