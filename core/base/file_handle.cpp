#include "core/base/file_handle.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

FileKind kind_of_mode(mode_t mode) {
    if (S_ISREG(mode)) return FileKind::file;
    if (S_ISDIR(mode)) return FileKind::folder;
    if (S_ISFIFO(mode)) return FileKind::pipe;
    return S_ISSOCK(mode) ? FileKind::socket : FileKind::device;
}

/// What the system says, and what to do about it.
std::string cause_text(int errno_value) {
    std::string text = std::generic_category().message(errno_value);
    if (errno_value == ENOSPC || errno_value == EDQUOT)
        text += "; free some space there, then go on (nothing already written is damaged)";
    else if (errno_value == EFBIG)
        text += "; raise the limit on file sizes (ulimit -f), then go on";
    else if (errno_value == EMFILE || errno_value == ENFILE)
        text += "; raise the limit on open files (ulimit -n), then go on";
    return text;
}

}  // namespace

FileKind kind_of_file(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? kind_of_mode(info.st_mode) : FileKind::none;
}

bool file_exists(const std::string& path) {
    return kind_of_file(path) != FileKind::none;
}

const char* name_of(FileKind kind) {
    constexpr const char* kNames[] = {"nothing",      "a file",   "a folder",
                                      "a named pipe", "a socket", "a device"};
    return kNames[static_cast<size_t>(kind)];
}

Error no_regular_file(const std::string& path, FileKind kind) {
    return usage_error(shown_path(path) + ": is " + name_of(kind) + ", a regular file is expected");
}

Error taken_away(const std::string& path, const std::string& what) {
    return failure(shown_path(path) + ": " + what +
                   "; nothing more is written there, and what is not saved yet is lost");
}

Error file_error(const std::string& action, const std::string& path, int errno_value) {
    std::string message = action + " " + shown_path(path) + ": " + cause_text(errno_value);
    if (errno_value == EACCES || errno_value == EROFS || errno_value == EPERM)
        message += "; choose a folder that you may write to";
    return failure(message);
}

bool is_of_the_machine(int errno_value) {
    return errno_value == EMFILE || errno_value == ENFILE || errno_value == ENOMEM ||
           errno_value == EIO;
}

Error reading_error(const std::string& what, int errno_value) {
    const std::string message = what + ": cannot be read: " + cause_text(errno_value);
    return is_of_the_machine(errno_value) ? failure(message) : usage_error(message);
}

bool reader_has_gone(int errno_value) {
    return errno_value == EPIPE;
}

FileHandle::FileHandle(FileHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

FileHandle::~FileHandle() {
    if (fd_ >= 0) ::close(fd_);
}

Result<OpenedFile> open_to_read(const std::string& path) {
    // Without O_NONBLOCK a named pipe would wait for its other end for ever.
    FileHandle handle(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat info {};
    if (!handle.valid() || ::fstat(handle.get(), &info) != 0) {
        const int cause = errno;
        // Sockets and devices without a driver cannot even be opened.
        if (const FileKind kind = kind_of_file(path); kind > FileKind::folder)
            return no_regular_file(path, kind);
        const std::string name = shown_path(path);
        if (cause == ENOENT) return usage_error(name + ": no such file");
        return reading_error(name, cause);
    }
    if (const FileKind kind = kind_of_mode(info.st_mode); kind != FileKind::file)
        return no_regular_file(path, kind);
    return OpenedFile{std::move(handle), static_cast<uint64_t>(info.st_size)};
}

Result<size_t> read_at(const OpenedFile& file, uint64_t offset, std::span<char> out,
                       const std::string& path) {
    size_t filled = 0;
    while (filled < out.size()) {
        const ssize_t got = ::pread(file.handle.get(), out.data() + filled, out.size() - filled,
                                    static_cast<off_t>(offset + filled));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return reading_error(shown_path(path), errno);
        if (got == 0) break;  // cut meanwhile
        filled += static_cast<size_t>(got);
    }
    return filled;
}

Status write_all(int fd, const void* data, size_t bytes, const std::string& path) {
    const char* at = static_cast<const char*>(data);
    while (bytes > 0) {
        const ssize_t written = ::write(fd, at, bytes);
        if (written < 0) {
            if (errno == EINTR) continue;
            return file_error("cannot write", path, errno);
        }
        at += written;
        bytes -= static_cast<size_t>(written);
    }
    return {};
}

Status sync_fd(int fd, const std::string& path) {
    // Some network file systems know no fsync of folders; there is nothing better to do then.
    if (::fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
        return file_error("cannot write", path, errno);
    return {};
}

Status sync_dir(const std::string& dir) {
    FileHandle handle(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle.valid()) return file_error("cannot open the folder", dir, errno);
    return sync_fd(handle.get(), dir);
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator at(path, error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error))
        names.push_back(at->path().filename().string());
    if (error && error != std::errc::no_such_file_or_directory &&
        error != std::errc::not_a_directory)
        return reading_error(shown_path(path), error.value());
    return names;
}

Status make_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0777) == 0) return {};
    const int cause = errno;
    if (cause == EEXIST && kind_of_file(path) == FileKind::folder) return {};
    return file_error("cannot create the folder", path, cause);
}

std::string parent_dir(const std::string& path) {
    const size_t slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace hopscope::core
