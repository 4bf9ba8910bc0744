#include "core/base/files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/utf8.h"

namespace hopscope::core {

Result<std::string> read_file(const std::string& path, size_t max_bytes) {
    const auto file = open_to_read(path);
    if (!file) return file.error();
    if (file->bytes > max_bytes)
        return usage_error(shown_path(path) + ": " + std::to_string(file->bytes) +
                           " bytes, at most " + std::to_string(max_bytes) + " are expected here");
    std::string bytes(static_cast<size_t>(file->bytes), '\0');
    const auto filled = read_at(*file, 0, bytes, path);
    if (!filled) return filled.error();
    bytes.resize(*filled);  // fewer where it was cut meanwhile
    return bytes;
}

std::string without_mark(std::string text) {
    if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
    return text;
}

Result<std::string> as_text(std::string bytes, const std::string& name) {
    if (const std::string other = other_encoding(bytes); !other.empty())
        return usage_error(name + ": " + other);
    return without_mark(std::move(bytes));
}

Result<std::string> read_text(const std::string& path, size_t max_bytes) {
    auto text = read_file(path, max_bytes);
    if (!text) return text.error();
    return as_text(std::move(*text), shown_path(path));
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
    if (!S_ISREG(info.st_mode))
        return usage_error(shown_path(path) + ": is no regular file, which it must be to grow");
    if (info.st_nlink > 1) {  // a copy of the folder that was made of links would grow with it
        const auto bytes = read_file(path, SIZE_MAX);
        if (!bytes) return bytes.error();
        if (auto status = write_file_atomic(path, *bytes); !status) return status.error();
        return open(path);
    }
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
    if (!file.valid() && errno == EEXIST)
        return usage_error(shown_path(path) +
                           ": it exists already; choose another name, or delete it");
    if (!file.valid()) return file_error("cannot create", path, errno);
    if (auto status = sync_dir(parent_dir(path)); !status) return status.error();
    return AppendFile(std::move(file), path, 0);
}

Status AppendFile::check() const {
    struct stat info {};
    if (::fstat(file_.get(), &info) != 0 || info.st_nlink > 0) return {};
    return taken_away(path_, "was deleted or replaced while it was written");
}

Status AppendFile::append(std::string_view bytes, DebugPoint torn) {
    if (auto status = check(); !status) return status;
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
