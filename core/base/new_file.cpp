#include "core/base/new_file.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <climits>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "core/base/utf8.h"

namespace hopscope::core {
namespace {

constexpr int kMostLinks = 40;  ///< as the kernel has it
constexpr int kTries = 8;       ///< for a name that nobody else takes

/// Where the links of `path` lead, whether something stands there or not.
Result<std::string> end_of_links(const std::string& path) {
    std::string at = path;
    for (int links = 0; links < kMostLinks; ++links) {
        char next[4096];
        const ssize_t length = ::readlink(at.c_str(), next, sizeof next);
        if (length < 0) {
            if (errno != EINVAL && errno != ENOENT) return file_error("cannot write", path, errno);
            return at;
        }
        const std::string_view link(next, static_cast<size_t>(length));
        at = link.starts_with('/') ? std::string(link) : parent_dir(at) + "/" + std::string(link);
    }
    return file_error("cannot write", path, ELOOP);
}

/// The descriptor that a name such as /dev/stdout stands for.
std::optional<int> own_descriptor(std::string_view path) {
    if (path == "/dev/stdout") return STDOUT_FILENO;
    if (path == "/dev/stderr") return STDERR_FILENO;
    for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
        if (!path.starts_with(folder)) continue;
        const std::string_view number = path.substr(folder.size());
        int fd = -1;
        const auto end = std::from_chars(number.data(), number.data() + number.size(), fd);
        if (end.ec == std::errc() && end.ptr == number.data() + number.size() && fd >= 0) return fd;
    }
    return std::nullopt;
}

constexpr size_t kLongestSuffix = 40;

/// NAME.tmp, or another name where a file has that one: somebody else is writing the same file, or
/// it is a person's. Of a long name only as much as leaves it one that a folder takes.
std::string temporary_name(int folder, const std::string& whole) {
    static std::atomic<uint64_t> count{0};
    const std::string name = whole.substr(0, NAME_MAX - kLongestSuffix);
    std::string plain = name + ".tmp";
    struct stat info {};
    if (::fstatat(folder, plain.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return plain;
    // A folder is nobody's leftover; it stays in the way, and that is said.
    if (!S_ISREG(info.st_mode)) return plain;
    return name + ".partial-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

bool is_character_device(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISCHR(info.st_mode);
}

}  // namespace

NewFile::NewFile(std::string path, FileHandle folder, std::string name)
    : path_(std::move(path)), folder_(std::move(folder)), name_(std::move(name)) {}

NewFile::~NewFile() {
    if (file_.valid() && named_) ::unlinkat(folder_.get(), temporary_.c_str(), 0);
}

Result<NewFile> NewFile::create(const std::string& path) {
    if (path.empty()) return usage_error("the name of a file to write is missing");
    struct stat before {};
    const bool replaces = ::stat(path.c_str(), &before) == 0;
    if (replaces && !S_ISREG(before.st_mode)) return no_regular_file(path, kind_of_file(path));
    if (!replaces && errno != ENOENT) return file_error("cannot create", path, errno);
    const auto target = end_of_links(path);
    if (!target) return target.error();
    FileHandle folder(::open(parent_dir(*target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid()) return file_error("cannot create", path, errno);
    NewFile out(path, std::move(folder), target->substr(target->rfind('/') + 1));
    if (auto s = out.open(); !s) return s.error();
    // Who keeps a file to themselves wants the next one kept so too.
    if (replaces) (void)!::fchmod(out.fd(), before.st_mode & 0777);
    return out;
}

Status NewFile::open() {
    struct stat left {};
    if (::fstatat(folder_.get(), name_.c_str(), &left, AT_SYMLINK_NOFOLLOW) != 0 &&
        errno == ENAMETOOLONG)
        return file_error("cannot create", path_, ENAMETOOLONG);
    const bool nameable = ::access("/proc/self/fd", X_OK) == 0;
    file_ = FileHandle(nameable ? ::openat(folder_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666)
                                : -1);
    named_ = !file_.valid();
    for (int n = 0; n < kTries && !file_.valid(); ++n) {
        temporary_ = temporary_name(folder_.get(), name_);
        file_ = FileHandle(::openat(folder_.get(), temporary_.c_str(),
                                    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
        if (errno != EEXIST) break;
    }
    return file_.valid() ? Status() : file_error("cannot create", path_, errno);
}

Status NewFile::name_it() {
    const std::string self = "/proc/self/fd/" + std::to_string(fd());
    for (int n = 0; n < kTries && !named_; ++n) {
        temporary_ = temporary_name(folder_.get(), name_);
        named_ = ::linkat(AT_FDCWD, self.c_str(), folder_.get(), temporary_.c_str(),
                          AT_SYMLINK_FOLLOW) == 0;
        if (!named_ && errno != EEXIST) break;
    }
    return named_ ? Status() : file_error("cannot create", path_, errno);
}

Status NewFile::finish(DebugPoint rename) {
    if (auto s = sync_fd(fd(), path_); !s) return s;
    if (auto s = name_it(); !s) return s;
    debug_point(rename);
    if (::renameat(folder_.get(), temporary_.c_str(), folder_.get(), name_.c_str()) != 0)
        return file_error("cannot replace", path_, errno);
    named_ = false;
    return sync_fd(folder_.get(), path_);
}

Status write_file_atomic(const std::string& path, std::span<const std::string_view> parts,
                         DebugPoint rename) {
    debug_slow_write();
    auto file = NewFile::create(path);
    if (!file) return file.error();
    for (const std::string_view part : parts)
        if (auto s = file->write(part); !s) return s;
    return file->finish(rename);
}

Status write_file_atomic(const std::string& path, std::string_view bytes, DebugPoint rename) {
    return write_file_atomic(path, std::span<const std::string_view>(&bytes, 1), rename);
}

Status copy_file(const std::string& from, const std::string& to) {
    const auto source = open_to_read(from);
    if (!source) return source.error();
    auto copy = NewFile::create(to);
    if (!copy) return copy.error();
    std::vector<char> block(size_t{1} << 16);
    while (true) {
        const ssize_t got = ::read(source->handle.get(), block.data(), block.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return file_error("cannot read", from, errno);
        if (got == 0) return copy->finish();
        if (auto s = copy->write({block.data(), static_cast<size_t>(got)}); !s) return s;
    }
}

Status check_output(const std::string& path, OutputUse use) {
    const auto refuse = [&](const std::string& what) {
        return usage_error("--out: " + shown_path(path) + " " + what);
    };
    if (path.empty()) return usage_error("--out is missing; give the name of a file");
    if (use == OutputUse::stream) {
        if (const auto fd = own_descriptor(path)) {
            const int flags = ::fcntl(*fd, F_GETFL);
            if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) return {};
            return refuse("is not open for writing");
        }
        if (is_character_device(path))
            return ::access(path.c_str(), W_OK) == 0 ? Status() : refuse("is not yours to write");
    }
    const FileKind kind = kind_of_file(path);
    if (kind == FileKind::folder) return refuse("is a folder; give the name of a file in it");
    if (own_descriptor(path) || (kind != FileKind::none && kind != FileKind::file))
        return refuse("is " + std::string(name_of(kind)) + ", no regular file" +
                      (use == OutputUse::stream
                           ? "; give a file, or /dev/stdout and a pipe of the shell"
                           : "; give a file"));
    const std::string dir = parent_dir(path);
    if (path.ends_with('/') || kind_of_file(dir) != FileKind::folder)
        return usage_error("--out: the folder " + shown_path(dir) +
                           " does not exist; make it first");
    if (kind == FileKind::file && ::access(path.c_str(), W_OK) != 0)
        return refuse("is not yours to write; give another file");
    errno = 0;
    const auto tried = NewFile::create(path);
    if (tried) return {};
    // The place is not to blame for a limit of the process.
    const bool machine = is_of_the_machine(errno);
    Error why = said_of("--out: ", tried.error());
    return machine ? why : usage_error(why.message);
}

Status write_output(const std::string& path, std::string_view text) {
    if (const auto fd = own_descriptor(path)) {
        errno = 0;
        const Status written = write_all(*fd, text.data(), text.size(), path);
        return reader_has_gone(errno) ? Status() : written;
    }
    if (!is_character_device(path)) return write_file_atomic(path, text);
    const FileHandle device(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
    if (!device.valid()) return file_error("cannot write", path, errno);
    return write_all(device.get(), text.data(), text.size(), path);
}

}  // namespace hopscope::core
