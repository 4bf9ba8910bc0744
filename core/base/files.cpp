#include "core/base/files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace hopscope::core {

Error file_error(const std::string& action, const std::string& path, int errno_value) {
    std::string message = action + " " + path + ": " + std::generic_category().message(errno_value);
    if (errno_value == ENOSPC || errno_value == EDQUOT)
        message += "; free some space there, then go on (nothing already written is damaged)";
    else if (errno_value == EFBIG)
        message += "; raise the limit on file sizes (ulimit -f), then go on";
    else if (errno_value == EACCES || errno_value == EROFS || errno_value == EPERM)
        message += "; choose a folder that you may write to";
    return failure(message);
}

FileHandle::FileHandle(FileHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

FileHandle::~FileHandle() {
    if (fd_ >= 0) ::close(fd_);
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

Status make_folder(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directory(path, error);
    return error ? file_error("cannot create the folder", path, error.value()) : Status();
}

std::error_code copy_file_atomic(const std::string& from, const std::string& to) {
    namespace fs = std::filesystem;
    const std::string temporary = to + ".tmp";
    std::error_code error;
    fs::copy_file(from, temporary, fs::copy_options::overwrite_existing, error);
    if (!error) fs::rename(temporary, to, error);
    std::error_code ignored;
    if (error) fs::remove(temporary, ignored);
    return error;
}

std::string parent_dir(const std::string& path) {
    const size_t slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Status write_file_atomic(const std::string& path, std::span<const std::string_view> parts,
                         DebugPoint rename) {
    debug_slow_write();
    const std::string temporary = path + ".tmp";
    FileHandle file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file.valid()) return file_error("cannot create", temporary, errno);
    Status status;
    for (const std::string_view part : parts)
        if (status) status = write_all(file.get(), part.data(), part.size(), path);
    if (status) status = sync_fd(file.get(), path);
    file = FileHandle();
    if (status) debug_point(rename);
    if (status && ::rename(temporary.c_str(), path.c_str()) != 0)
        status = file_error("cannot replace", path, errno);
    if (!status) {
        ::unlink(temporary.c_str());
        return status;
    }
    return sync_dir(parent_dir(path));
}

Status write_file_atomic(const std::string& path, std::string_view bytes, DebugPoint rename) {
    return write_file_atomic(path, std::span<const std::string_view>(&bytes, 1), rename);
}

Result<std::string> read_file(const std::string& path, size_t max_bytes) {
    // Without O_NONBLOCK a named pipe would wait for its other end for ever.
    FileHandle file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!file.valid()) return usage_error(file_error("cannot read", path, errno).message);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0)
        return usage_error(file_error("cannot read", path, errno).message);
    if (!S_ISREG(info.st_mode)) return usage_error(path + ": not a regular file");
    const auto size = static_cast<uint64_t>(info.st_size);
    if (size > max_bytes)
        return usage_error(path + ": " + std::to_string(size) + " bytes, at most " +
                           std::to_string(max_bytes) + " are expected here");
    std::string bytes(static_cast<size_t>(size), '\0');
    size_t filled = 0;
    while (filled < bytes.size()) {
        const ssize_t got = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
        if (got < 0) {
            if (errno == EINTR) continue;
            return usage_error(file_error("cannot read", path, errno).message);
        }
        if (got == 0) break;  // cut meanwhile
        filled += static_cast<size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
}

std::vector<std::string_view> complete_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    size_t begin = 0;
    for (size_t end = text.find('\n'); end != std::string_view::npos;
         end = text.find('\n', begin)) {
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

namespace {

/// Length up to and with the last '\n' of the first `size` bytes; −1 on a read error (errno set).
int64_t complete_length(int fd, uint64_t size) {
    char block[4096];
    uint64_t end = size;
    while (end > 0) {
        const uint64_t length = std::min<uint64_t>(end, sizeof block);
        const ssize_t got = ::pread(fd, block, length, static_cast<off_t>(end - length));
        if (got < 0 && errno == EINTR) continue;
        if (got != static_cast<ssize_t>(length)) return -1;
        for (uint64_t i = length; i > 0; --i)
            if (block[i - 1] == '\n') return static_cast<int64_t>(end - length + i);
        end -= length;
    }
    return 0;
}

}  // namespace

Result<AppendFile> AppendFile::open(const std::string& path) {
    const bool existed = ::access(path.c_str(), F_OK) == 0;
    FileHandle file(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0666));
    if (!file.valid()) return file_error("cannot open", path, errno);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return file_error("cannot open", path, errno);
    if (!S_ISREG(info.st_mode)) return usage_error(path + ": not a regular file");
    if (!existed)
        if (auto status = sync_dir(parent_dir(path)); !status) return status.error();
    const auto size = static_cast<uint64_t>(info.st_size);
    const int64_t complete = complete_length(file.get(), size);
    if (complete < 0) return file_error("cannot read", path, errno);
    AppendFile result(std::move(file), path, size);
    if (static_cast<uint64_t>(complete) != size)
        if (auto status = result.truncate(static_cast<uint64_t>(complete)); !status)
            return status.error();
    return result;
}

Result<AppendFile> AppendFile::create(const std::string& path) {
    FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666));
    if (!file.valid()) return file_error("cannot create", path, errno);
    if (auto status = sync_dir(parent_dir(path)); !status) return status.error();
    return AppendFile(std::move(file), path, 0);
}

Status AppendFile::append(std::string_view bytes, DebugPoint torn) {
    debug_slow_write();
    if (debug_point_is_near(torn))
        (void)write_all(file_.get(), bytes.data(), bytes.size() / 2, path_);
    debug_point(torn);
    if (auto status = write_all(file_.get(), bytes.data(), bytes.size(), path_); !status) {
        // Half a line may have gone out before the disk was full; a failing cut is repaired by the
        // next open.
        (void)truncate(size_);
        return status;
    }
    size_ += bytes.size();
    return {};
}

Status AppendFile::truncate(uint64_t bytes) {
    if (::ftruncate(file_.get(), static_cast<off_t>(bytes)) != 0)
        return file_error("cannot shorten", path_, errno);
    size_ = bytes;
    return {};
}

Status AppendFile::sync() {
    return sync_fd(file_.get(), path_);
}

}  // namespace hopscope::core
